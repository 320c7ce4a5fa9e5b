"""`demo`, as a new user runs it; and broken off in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import command_line
import processes
from miztiik_events.demonstration import DESTROY, EXPLANATIONS
from miztiik_events.local.flink import jvm
from waiting import until

pytestmark = [pytest.mark.aws, pytest.mark.scenario]


@contextmanager
def demo(temporary: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command, in a session of its own and with a folder for temporary files of its own."""
    process = subprocess.Popen(
        [command_line.PROGRAM, "demo", *arguments],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_whole_demo_counts_what_was_produced_and_leaves_nothing_but_the_page(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pages = tmp_path_factory.mktemp("pages") / "demo"
    words = ("--duration=10", "--explain", f"--export={pages}", "--output=json")
    with demo(tmp_path, *words) as process:
        answer, progress = process.communicate(timeout=300)
    assert process.returncode == 0, progress
    found = json.loads(answer)
    assert found["agrees"] is True
    assert found["counts"]["counted"] == found["produced"]["sales_events"] > 0
    revenue = round(sum(window["revenue"] for window in found["windows"]), 2)
    assert revenue == found["produced"]["tot_sales"] > 0
    assert list(found["seconds"]) == [*EXPLANATIONS]
    assert progress.count("window until") >= 2
    assert all(
        " ".join(text.split()) in " ".join(progress.split()) for text in EXPLANATIONS.values()
    )
    assert "see the sales: http://127.0.0.1:" in progress
    assert (pages / "page.html").read_text().count('"store_1"') > 0
    assert (pages / "page.png").read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.iterdir())
    assert not processes.naming(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_demo_that_is_broken_off_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        assert process.stderr
        next(line for line in process.stderr if "STARTING" in line)
        process.send_signal(number)
        _, rest = process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert "Cancelled" in rest
        assert "Traceback" not in rest
    until(lambda: not list(tmp_path.iterdir()), "an empty folder")
    assert not processes.naming(tmp_path)


def test_what_is_kept_goes_on_until_it_is_stopped(tmp_path: Path) -> None:
    """And a second one does not touch what is there.

    The project and Flink are below a space and an umlaut, of which the locale knows nothing.
    """
    place = tmp_path / "a pläce"
    place.mkdir()
    (place / "pyflink").symlink_to(jvm.flink_home())
    environment = {**os.environ, "PYTHONPATH": str(place), "LC_ALL": "C"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command_line.PROGRAM, *arguments],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    kept = run("demo", "--keep", "--duration", "5", "--output", "json")
    try:
        assert kept.returncode == 0, kept.stderr
        assert DESTROY not in kept.stderr
        assert "miztiik-events local stop" in kept.stderr
        statuses = json.loads(run("local", "status", "--output", "json").stdout)
        assert "RUNNING" in [row["state"] for row in statuses if row["kind"] == "application"]
        again = run("demo", "--keep")
        assert again.returncode == 5
        assert "already runs" in again.stderr
    finally:
        run("local", "stop")
    assert not processes.naming(tmp_path)
