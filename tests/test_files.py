"""Files that are whole or not there, locks, temporary folders, and what the system refuses."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from miztiik_events import files
from miztiik_events.errors import ConfigurationError, MiztiikError

HOLD = """
import sys, time
from pathlib import Path
from miztiik_events import files
with files.temporary_folder("run-", Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    time.sleep(600)
"""


def test_a_file_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file"
    with files.whole(target) as draft:
        draft.write_text("all of it")
        assert not target.exists()
    assert [path.read_text() for path in target.parent.iterdir()] == ["all of it"]


def test_what_fails_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")

    def write_half() -> None:
        with files.whole(target) as draft:
            draft.write_text("half")
            raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        write_half()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "old")]


@pytest.mark.parametrize(
    ("number", "kind", "advice"),
    [
        (errno.ENOSPC, MiztiikError, "Free some space or set X"),
        (errno.EACCES, ConfigurationError, "Next: set X"),
        (errno.EROFS, ConfigurationError, "Next: set X"),
        (errno.EISDIR, MiztiikError, "Next: set X"),
    ],
)
def test_what_the_system_refuses_is_told_with_the_way_out(
    number: int, kind: type[MiztiikError], advice: str
) -> None:
    error = files.translate(OSError(number, os.strerror(number), "/draft"), Path("/place"), "set X")
    assert type(error) is kind
    assert str(error) == f"/place: {os.strerror(number)}. {advice}"


def test_a_folder_is_locked_for_one_at_a_time(tmp_path: Path) -> None:
    with files.lock(tmp_path) as first, files.lock(tmp_path) as second:
        assert (first, second) == (True, False)
    with files.lock(tmp_path) as again:
        assert again


def test_who_waits_for_a_lock_gets_it_or_gives_up(tmp_path: Path) -> None:
    given_up, answers = threading.Event(), []

    def wait() -> None:
        with files.lock(tmp_path, given_up) as is_ours:
            answers.append(is_ours)

    for ends in (given_up.set, lambda: None):
        given_up.clear()
        waiting = threading.Thread(target=wait)
        with files.lock(tmp_path):
            waiting.start()
            ends()
            if given_up.is_set():
                waiting.join()
        waiting.join()
    assert answers == [False, True]


def test_only_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    def run() -> tuple[subprocess.Popen[str], Path]:
        command = [sys.executable, "-c", HOLD, str(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        return process, Path(process.stdout.readline().strip())

    (killed, left), (alive, kept) = run(), run()
    try:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        with files.temporary_folder("run-", tmp_path) as own:
            assert set(tmp_path.iterdir()) == {kept, own}
        assert not left.exists()
    finally:
        for process in (killed, alive):
            process.kill()
            process.communicate()


def test_the_cache_is_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert files.cache() == Path("/elsewhere/miztiik-events")


def test_a_current_folder_that_is_gone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConfigurationError, match="The current folder has been deleted"):
        files.here()
