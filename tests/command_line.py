"""Runs `miztiik-events` as a person does: in a process of its own, with this environment alone.

`run` forks that process from one that has the program imported, which is most of what a command
takes. Where the start is the subject, `run_script` and whoever starts PROGRAM go by the script.
"""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import miztiik_events
from miztiik_events.main import main

PROGRAM = Path(sys.executable).parent / "miztiik-events"
# No settings of the person who runs the tests, and no waiting for EC2's metadata.
NO_SETTINGS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
SECONDS = 300
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    [
        *("boto3.s3.inject", "botocore.client", "botocore.httpsession"),
        *(
            module.name
            for module in pkgutil.walk_packages(miztiik_events.__path__, "miztiik_events.")
            if not module.name.endswith(".__main__") and ".local" not in module.name
        ),
    ]
)


def run(environment: Mapping[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    words = [str(PROGRAM), *map(str, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        process = _forks.Process(target=_run, args=(words, _whole(environment), outputs))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(words, SECONDS)
        stdout, stderr = (path.read_text() for path in outputs)
    return subprocess.CompletedProcess(words, process.exitcode, stdout, stderr)


def run_script(
    environment: Mapping[str, str], *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        env=_whole(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def _whole(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, **NO_SETTINGS, **environment}


def _run(words: list[str], environment: Mapping[str, str], outputs: list[Path]) -> None:
    for descriptor, path in enumerate([Path(os.devnull), *outputs]):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = words
    main()
