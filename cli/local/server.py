"""The process of an AWS on this machine: MiniStack with its gaps filled, on a port of 127.0.0.1.

Run as `python -m miztiik_events.local.server FOLDER LOCK child|detached temporary|kept`; LOCK is
the descriptor that holds the folder's lock. It says on stdout, in one line of JSON, where it
listens or why it does not. A `child` ends when its stdin does, that is with its parent. Nothing it
holds outlives it, so it may be killed at any time; what it started goes with it (reaper.py).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from .. import files
from ..errors import ConfigurationError, MiztiikError
from . import reaper, requirements, variables
from .folder import Address, Folder

HEALTH_SECONDS = 60


Fill = Callable[[Folder], None]


def run(arguments: Sequence[str], fill: Fill | None = None) -> None:
    """Serve, as the arguments say; `fill` is called in place of gaps.fill, before MiniStack serves.

    Ends the process when that cannot be.
    """
    path, lock, mode, removal = arguments
    folder, is_child, is_temporary = Folder(Path(path)), mode == "child", removal == "temporary"
    try:
        _run(folder, int(lock), fill or _fill_gaps, child=is_child, temporary=is_temporary)
    except MiztiikError as error:
        _say_error(error)
        sys.exit(error.exit_code)
    except OSError as error:
        _say_error(files.translate(error))
        sys.exit(MiztiikError.exit_code)


def _run(folder: Folder, lock: int, fill: Fill, *, child: bool, temporary: bool) -> None:
    _refuse_real_credentials()
    _start_reaper(lock, folder.path if temporary else None)
    if child:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    # MiniStack reads its environment when it is imported, so that comes after this.
    environment = variables.for_server(port, folder.temporary)
    os.environ.clear()
    os.environ.update(environment)
    requirements.check_ministack()
    fill(folder)
    threading.Thread(target=_announce, args=(folder, port), daemon=True).start()
    _serve(listener)


def _refuse_real_credentials() -> None:
    names = variables.of_real_credentials(os.environ)
    if names:
        raise ConfigurationError(
            f"An AWS on this machine takes no real credentials, but {', '.join(names)} "
            f"{'is' if len(names) == 1 else 'are'} set. Next: miztiik-events local start, "
            "which starts it without them"
        )


def _start_reaper(lock: int, folder: Path | None) -> None:
    reads, _writes = os.pipe()
    # The other end is left open on purpose: it closes when this process ends, in whatever way.
    command = [sys.executable, "-I", "-S", reaper.__file__]
    subprocess.Popen(
        [*command, str(os.getpgid(0)), str(reads), str(folder or "")],
        pass_fds=(reads, lock),
        start_new_session=True,
    )
    os.close(reads)


def _end_with_parent() -> NoReturn:
    while sys.stdin.buffer.read(1):
        pass
    _end()


def _end() -> NoReturn:
    os.killpg(os.getpgid(0), signal.SIGKILL)
    raise SystemExit  # for the type checker; nothing comes after a kill


def _fill_gaps(folder: Folder) -> None:
    from . import gaps

    gaps.fill(folder)


def _announce(folder: Folder, port: int) -> None:
    # The port listens already: the request waits in its queue until MiniStack answers.
    url = f"{variables.endpoint(port)}/_ministack/health"
    with urllib.request.urlopen(url, timeout=HEALTH_SECONDS):
        pass
    address = Address(port=port, pid=os.getpid())
    try:
        folder.write_address(address)
    except OSError as error:
        _say_error(files.translate(error, folder.path))
        _end()
    _say(asdict(address))


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)
    # The parent has what it waits for; from here on stdout is the log.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def _say_error(error: MiztiikError) -> None:
    _say({"error": str(error), "exit_code": error.exit_code})


def _serve(listener: socket.socket) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"

    async def run() -> None:
        never = asyncio.Event()
        await serve(app, config, shutdown_trigger=never.wait)

    asyncio.run(run())


if __name__ == "__main__":
    run(sys.argv[1:])
