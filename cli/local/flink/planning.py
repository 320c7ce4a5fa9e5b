"""Whether Flink takes a program: planned by the Flink of this machine, without running it.

It takes ten seconds, so what was planned once is remembered.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import files
from ...analytics import log as application_log
from ...errors import ConfigurationError
from ...text import json_object
from .. import requirements

SECONDS = 300.0
_PLANNER = "from miztiik_events.local.flink import planner; planner.main()"

Sources = Sequence[tuple[str, bytes]]
Properties = Sequence[Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True)
class Refusal:
    """Why Flink does not take the program, and where in its SQL, as far as Flink knows."""

    reason: str
    line: int | None = None
    column: int | None = None


def refusal(
    sources: Sources, properties: Properties, connectors: Path | None, begin: Callable[[], None]
) -> Refusal | None:
    """What Flink has against the program, None when it takes it with each of the properties.

    `begin` is called when it has to be planned, which takes a while; of two at once the second
    waits for the first. Raises ConfigurationError when it cannot be planned on this machine.
    """
    version = requirements.flink_version()
    requirements.find_java()
    mark = files.cache() / "planned" / _digest(sources, properties, connectors, version)
    if mark.exists():
        return None
    begin()
    with contextlib.ExitStack() as turn:
        # Where no mark can be left, each plans for itself, and the next time takes as long again.
        with contextlib.suppress(OSError):
            mark.parent.mkdir(parents=True, exist_ok=True)
            turn.enter_context(files.lock(mark.parent, threading.Event()))
        if mark.exists():
            return None
        verdict = _planned(sources, properties, connectors)
        if verdict:
            return Refusal(**verdict)
        with contextlib.suppress(OSError), files.whole(mark) as draft:
            draft.touch()
    return None


def _digest(sources: Sources, properties: Properties, connectors: Path | None, version: str) -> str:
    planned_by = f"{version} {connectors}"
    digest = hashlib.sha256(json.dumps([planned_by, properties]).encode())
    for name, content in sources:
        digest.update(f"{len(name)} {name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def _planned(sources: Sources, properties: Properties, connectors: Path | None) -> dict[str, Any]:
    with files.temporary_folder("miztiik-events-plan-") as folder:
        for name, content in sources:
            path = folder / "code" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        done = _run(folder, json.dumps(properties), connectors)
    verdict = json_object(done.stdout.strip().rpartition("\n")[2])
    if done.returncode or verdict is None:
        cause = application_log.of_program(done.stderr.splitlines())
        raise ConfigurationError(f"Flink did not start: {cause}")
    return verdict


def _run(
    folder: Path, properties: str, connectors: Path | None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _PLANNER, folder, *filter(None, [connectors])],
            cwd=folder / "code",
            input=properties,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"Flink did not plan it within {SECONDS:.0f} s") from None
