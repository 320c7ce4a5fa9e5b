"""Runs a Flink program over files and prints what it took: `flink_job.py FOLDER`.

The folder has the program (windows.sql), its settings and its property groups. A process of its
own for each run, because a JVM that has run one program runs the next one faster.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import jvm

FUNCTION = Path(__file__).resolve().parents[1] / "functions" / "analytics"


def run(folder: Path) -> dict[str, float]:
    sys.path.insert(0, str(FUNCTION))
    from pyflink.java_gateway import get_gateway

    import main as function

    settings = {**function.SETTINGS, **json.loads((folder / "settings.json").read_text())}
    groups = json.loads((folder / "groups.json").read_text())
    inserts = function.prepare(function.program(groups, folder / "windows.sql"), settings)
    java = get_gateway().jvm
    cpu, started = jvm.cpu_seconds(java), time.monotonic()
    inserts.execute().wait()
    return {"seconds": time.monotonic() - started, "cpu": jvm.cpu_seconds(java) - cpu}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
