from __future__ import annotations

import sys
import threading
from pathlib import Path

from miztiik_events.deploy import builder


def test_what_it_printed_is_told_with_how_it_ended(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), flush=True); print('no', file=sys.stderr); exit(3)"
    done = builder.run([sys.executable, "-c", code], tmp_path, threading.Event())
    assert done is not None
    assert (done.returncode, done.stdout) == (3, f"{tmp_path}\nno\n")


def test_it_does_not_outlive_the_wait_for_it(tmp_path: Path) -> None:
    cancelled, code = threading.Event(), "import sys; open('begun', 'w').close(); sys.stdin.read()"
    code = code.replace("sys.stdin.read()", "import time; time.sleep(600)")
    seen = threading.Thread(target=lambda: _wait_for(tmp_path / "begun", cancelled))
    seen.start()
    assert builder.run([sys.executable, "-c", code], tmp_path, cancelled) is None
    seen.join()


def _wait_for(path: Path, cancelled: threading.Event) -> None:
    while not path.exists():
        cancelled.wait(0.01)
    cancelled.set()
