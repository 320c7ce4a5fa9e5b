from __future__ import annotations

import sys
import threading
from pathlib import Path

from miztiik_events.deploy import builder
from processes import is_alive
from waiting import until


def test_what_it_printed_is_told_with_how_it_ended(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), flush=True); print('no', file=sys.stderr); exit(3)"
    done = builder.run([sys.executable, "-c", code], tmp_path, threading.Event())
    assert done is not None
    assert (done.returncode, done.stdout) == (3, f"{tmp_path}\nno\n")


def test_neither_it_nor_what_it_started_outlives_the_wait_for_it(tmp_path: Path) -> None:
    cancelled = threading.Event()
    script = "sleep 600 & echo $! >draft; mv draft begun; wait"
    seen = threading.Thread(target=lambda: _wait_for(tmp_path / "begun", cancelled))
    seen.start()
    assert builder.run(["sh", "-c", script], tmp_path, cancelled) is None
    seen.join()
    until(lambda: not is_alive(int((tmp_path / "begun").read_text())))


def _wait_for(path: Path, cancelled: threading.Event) -> None:
    while not path.exists():
        cancelled.wait(0.01)
    cancelled.set()
