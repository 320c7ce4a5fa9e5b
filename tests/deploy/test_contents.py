from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from miztiik_events.deploy import contents
from miztiik_events.errors import BuildError

LIMIT = 1000


@pytest.fixture
def function(tmp_path: Path) -> Path:
    folder = tmp_path / "functions" / "hello"
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text("x = 1")
    return folder


def names(function: Path) -> list[str]:
    return [name for name, _ in contents.read(function, LIMIT).files]


def put(function: Path, *paths: str) -> None:
    for path in paths:
        (function / path).parent.mkdir(parents=True, exist_ok=True)
        (function / path).write_text("x")


def test_every_file_that_may_be_code_is_kept(function: Path) -> None:
    kept = (
        *("lib/.libs/libpq.so.5", "target/__init__.py", "pkg/tests/__init__.py", "test_mode.py"),
        *(".config/settings.json", "caf\u00e9.txt", "cafe\u0301.txt", "A.txt", "a.txt"),
        *("new\nline.txt", "build/x.bin", "env/x.py"),
    )
    put(function, *kept)
    read = contents.read(function, LIMIT)
    assert [name for name, _ in read.files] == sorted([*kept, "handler.py"])
    assert read.left_out == ()


def test_what_is_left_out_is_named_but_for_byte_code(function: Path) -> None:
    leftovers = (
        *(".git/HEAD", ".idea/x.xml", ".vscode/settings.json", ".DS_Store", "a.py~", ".a.py.swp"),
        *("pkg/._a.py", "pkg/#a.py#", ".env", ".env.local", ".pytest_cache/x", "old.pyc"),
        *("mine/pyvenv.cfg", "pom.xml", "target/a.jar"),
    )
    put(function, *leftovers, "__pycache__/handler.cpython-311.pyc")
    # The lock of Emacs is a link to nowhere.
    (function / ".#handler.py").symlink_to("me@here.1234")
    read = contents.read(function, LIMIT)
    assert [name for name, _ in read.files] == ["handler.py", "pom.xml"]
    told = {path.partition("/")[0] for path in leftovers if not path.startswith("p")}
    assert set(read.left_out) == {*told, "pkg/._a.py", "pkg/#a.py#", ".#handler.py"}


def test_what_its_owner_may_execute_is_executable(function: Path) -> None:
    put(function, "bootstrap")
    for name, mode in (("bootstrap", 0o700), ("handler.py", 0o611)):
        (function / name).chmod(mode)
    assert contents.read(function, LIMIT).executables == {"bootstrap"}


def test_links_are_followed_and_may_lead_out_of_the_folder(function: Path) -> None:
    put(function.parent, "shared/common.py")
    for name in ("one", "two"):
        (function / name).symlink_to("../shared")
    (function / "file.py").symlink_to("handler.py")
    assert names(function) == ["file.py", "handler.py", "one/common.py", "two/common.py"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (".", "a link to a folder that it is in"),
        ("..", "a link to a folder that it is in"),
        ("/nonexistent", "a link to /nonexistent, and there is nothing"),
        ("odd", "a link to odd, and there is nothing"),
        ("/dev/null", "is a device"),
    ],
)
def test_a_link_without_an_end_is_named(function: Path, target: str, words: str) -> None:
    (function / "odd").symlink_to(target)
    with pytest.raises(BuildError, match=f"hello/odd.* {words}"):
        contents.read(function, LIMIT)


def test_two_links_that_lead_to_each_other_end(function: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (function / name).mkdir()
        (function / name / "on").symlink_to(f"../{other}")
    with pytest.raises(BuildError, match="hello/a/on/on is a link to a folder that it is in"):
        contents.read(function, LIMIT)


def test_what_is_no_file_is_named_and_not_waited_for(
    function: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(function / "pipe")
    with pytest.raises(BuildError, match=r"hello/pipe is a FIFO, .*Next"):
        contents.read(function, LIMIT)
    (function / "pipe").unlink()
    # A socket's path has at most 107 characters.
    monkeypatch.chdir(function)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("agent")
        with pytest.raises(BuildError, match="agent is a socket"):
            contents.read(function, LIMIT)


def test_a_name_that_no_zip_can_have_is_an_error_that_can_be_printed(function: Path) -> None:
    (function / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    with pytest.raises(BuildError, match=r"hello/caf\\xe9\.txt: the name is not UTF-8"):
        contents.read(function, LIMIT)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_cannot_be_read_is_named(function: Path) -> None:
    (function / "handler.py").chmod(0)
    with pytest.raises(BuildError, match=r"handler\.py cannot be read \(Permission denied\)"):
        contents.read(function, LIMIT)


def test_too_much_is_told_before_it_is_read(function: Path) -> None:
    for name, length in (("huge.bin", 50_000_000_000), ("large.bin", 5000)):
        with (function / name).open("wb") as file:
            # Nothing is written: a file with a hole takes no room.
            file.truncate(length)
    with pytest.raises(BuildError, match=r"50,000,005,005 bytes .* at most 1,000\b") as failed:
        contents.read(function, LIMIT)
    assert "huge.bin (50.0 GB), large.bin (5.0 KB), handler.py (5 bytes)" in str(failed.value)
