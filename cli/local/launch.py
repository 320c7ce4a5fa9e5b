"""Starting, finding and stopping an AWS on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import ConfigurationError, MiztiikError
from ..files import writing
from . import requirements, variables
from .folder import LOCK_POLL_SECONDS, Address, Folder

FOLDER_NAME = ".miztiik-events"
START_SECONDS = 60
STOP_SECONDS = 15
# What Python runs for an AWS; the folder and how long it lives come after it.
SERVER = ("-m", f"{__package__}.server")


@dataclass(frozen=True)
class LocalAws:
    """An AWS on this machine that runs."""

    address: Address
    folder: Folder

    @property
    def endpoint(self) -> str:
        return variables.endpoint(self.address.port)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make every AWS SDK and tool use it."""
        return variables.for_clients(self.address.port)

    @contextlib.contextmanager
    def in_effect(self) -> Iterator[None]:
        """This process, and what it starts meanwhile, uses it and no other AWS."""
        before = dict(os.environ)
        for name in variables.to_unset():
            os.environ.pop(name, None)
        os.environ.update(self.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


@contextlib.contextmanager
def local_aws(path: Path | None = None, server: Sequence[str] = SERVER) -> Iterator[LocalAws]:
    """An AWS on this machine for as long as the block runs, and never longer than this process.

    Its state folder is a temporary one, removed at the end, unless `path` names one to keep.
    `server` is another program to run for it, one that calls `server.run`.
    """
    requirements.check()
    with writing(path or Path(os.environ.get("TMPDIR", "/tmp")), "set TMPDIR to another folder"):
        folder = Folder(path or Path(tempfile.mkdtemp(prefix="miztiik-events-")))
        process = _spawn(folder, _lock(folder), server, child=True, temporary=path is None)
    try:
        yield LocalAws(_wait_until_ready(process, folder), folder)
    finally:
        _let_go(process)
        if path is None:
            shutil.rmtree(folder.path, ignore_errors=True)


def _lock(folder: Folder) -> int:
    lock = folder.take_lock()
    if lock is None:
        raise ConfigurationError(f"An AWS is already running in {folder.path}")
    return lock


def _let_go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    assert process.stdout
    process.stdin.close()
    process.wait()
    # The reaper holds the other end until all that the server started is gone.
    process.stdout.read()
    process.stdout.close()


def start(folder: Folder) -> tuple[LocalAws, bool]:
    """The AWS of a folder, and whether it was started now (else it ran already).

    Of several that start it at once, one does, and the others find it running.
    """
    requirements.check()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        aws = running(folder)
        if aws:
            return aws, False
        with writing(folder.path, "go to a folder that you may write to"):
            lock = folder.take_lock()
            if lock is not None:
                process = _spawn(folder, lock, SERVER, child=False, temporary=False)
                return LocalAws(_wait_until_ready(process, folder), folder), True
    raise MiztiikError(
        f"The AWS in {folder.path} neither answers nor stops. Next: miztiik-events local stop"
    )


def running(folder: Folder) -> LocalAws | None:
    """The AWS of a folder when it runs; one that is just starting or ending is waited for."""
    address = _address(folder, lambda address: _listens(address.port))
    return LocalAws(address, folder) if address else None


def _address(folder: Folder, is_wanted: Callable[[Address], bool]) -> Address | None:
    deadline = time.monotonic() + START_SECONDS
    while folder.is_locked() and time.monotonic() < deadline:
        address = folder.read_address()
        if address and is_wanted(address):
            return address
        time.sleep(LOCK_POLL_SECONDS)
    return None


def stop(folder: Folder) -> bool:
    """End the AWS of a folder and remove the folder; whether there was one that ran."""
    # While the folder is locked, the address is that of the server that has the lock.
    address = _address(folder, lambda address: True)
    if address:
        # The server leads its process group; all that it started is in it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(address.pid, signal.SIGKILL)
        if not folder.wait_for_end_of(address, STOP_SECONDS):
            raise MiztiikError(
                f"The AWS in {folder.path} did not stop; its process is {address.pid}"
            )
    with writing(folder.path, "remove it as the user who made it"):
        folder.remove()
    return address is not None


def _spawn(
    folder: Folder, lock: int, server: Sequence[str], *, child: bool, temporary: bool
) -> subprocess.Popen[bytes]:
    """Start the server in a folder that holds nothing yet; the lock goes over to it."""
    mode = "child" if child else "detached"
    removal = "temporary" if temporary else "kept"
    try:
        folder.clear()
        folder.create()
        with folder.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *server, str(folder.path), str(lock), mode, removal],
                stdin=subprocess.PIPE if child else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder.path,
                env=variables.to_start_server(),
                pass_fds=(lock,),
                # Ctrl-C in a terminal goes to the parent alone, which then ends the server.
                start_new_session=True,
            )
    finally:
        os.close(lock)


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Folder) -> Address:
    assert process.stdout
    line = _read_line(process.stdout, START_SECONDS)
    if not line:
        process.kill()
        reason = " / ".join(folder.last_log_lines(3)) or "it was ended, or it said nothing"
        raise MiztiikError(f"The AWS on this machine did not start: {reason}")
    answer = json.loads(line)
    if "error" in answer:
        kind = ConfigurationError if answer["exit_code"] == 5 else MiztiikError
        raise kind(answer["error"])
    return Address(**answer)


def _read_line(stream: IO[bytes], seconds: float) -> bytes:
    ready, _, _ = select.select([stream], [], [], seconds)
    return stream.readline() if ready else b""


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False
