"""A project of 60 stacks, deployed with failures in its middle, mended, looked at and destroyed.

Prints what each command took: its exit code, its seconds, its calls of AWS, its last line. With a
FOLDER, it only writes the project there, to try it by hand: `--fail resource` and the like.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import many_stacks
import recorded_endpoint
from many_stacks import FAILURES, Shape
from miztiik_events.local import launch
from miztiik_events.text import as_table

PROGRAM = str(Path(sys.executable).parent / "miztiik-events")
PROJECT = "many"
HEADINGS = {
    "command": "Command",
    "code": "Exit code",
    "seconds": "Seconds",
    "calls": "Calls",
    "last": "Last line",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="only write the project there")
    parser.add_argument("--fail", action="append", choices=FAILURES, default=[])
    arguments = parser.parse_args()
    if arguments.folder:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        many_stacks.write(arguments.folder, Shape(), arguments.fail)
        return
    with tempfile.TemporaryDirectory() as folder, launch.local_aws() as aws:
        print(as_table(_rows(Path(folder), aws.environment), HEADINGS))


def _rows(folder: Path, aws: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = []
    for failure in FAILURES:
        sources = many_stacks.write(folder, Shape(), [failure])
        rows.append(_timed(f"deploy, the {failure} fails", aws, "deploy", *sources.options))
        many_stacks.write(folder, Shape())
        rows.append(_timed("deploy, mended", aws, "deploy", *sources.options))
        if failure != FAILURES[-1]:
            rows.append(_timed("destroy", aws, "destroy", "--yes"))
    for command in ("deploy", "deploy --plan", "validate", "graph"):
        rows.append(_timed(command, aws, *command.split(), *sources.options))
    for command in ("status", "outputs", "destroy --yes"):
        rows.append(_timed(command, aws, *command.split()))
    return rows


def _timed(name: str, aws: Mapping[str, str], command: str, *arguments: str) -> dict[str, Any]:
    print(name, file=sys.stderr)
    with recorded_endpoint.recorded(aws["AWS_ENDPOINT_URL"]) as recorded:
        variables = {**os.environ, **aws, "AWS_ENDPOINT_URL": recorded.url, "PIP_NO_INDEX": "1"}
        started = time.monotonic()
        done = subprocess.run(
            [PROGRAM, command, "--project", PROJECT, *arguments],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        seconds = time.monotonic() - started
    said = done.stdout.strip().splitlines() or [""]
    last = next((line for line in reversed(said) if line[:5] in ("Error", "Done ")), said[-1])
    return {
        "command": name,
        "code": done.returncode,
        "seconds": f"{seconds:.1f}",
        "calls": len(recorded.calls),
        "last": last[:70],
    }


if __name__ == "__main__":
    main()
