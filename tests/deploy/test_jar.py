from __future__ import annotations

import os
import sys
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from miztiik_events import files
from miztiik_events.deploy import jar
from miztiik_events.errors import BuildError
from repository import FUNCTIONS

Maven = Callable[[str], Path]


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maven:
    """Puts a `mvn` with this shell script first on the path; it notes each run in `runs`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    runs = tmp_path / "runs"

    def write(script: str) -> Path:
        program = tmp_path / "bin" / "mvn"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho run >> {runs}\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
        return runs

    return write


BUILDS = f"mkdir target && cp pom.xml target/{jar.NAME}"


def test_a_jar_is_built_once_and_reused(maven: Maven) -> None:
    runs = maven(BUILDS)
    first, second, other = jar.build(b"<a/>"), jar.build(b"<a/>"), jar.build(b"<b/>")
    assert first == second != other
    assert (first.read_bytes(), other.read_bytes()) == (b"<a/>", b"<b/>")
    assert runs.read_text().count("run") == 2
    assert [path.name for path in first.parent.iterdir()] == [jar.NAME]


def test_two_builds_at_once_leave_one_whole_jar(maven: Maven) -> None:
    maven(BUILDS)
    with ThreadPoolExecutor(2) as pool:
        built = list(pool.map(jar.build, [b"<a/>", b"<a/>"]))
    assert built[0] == built[1]
    assert [path.name for path in built[0].parent.iterdir()] == [jar.NAME]


def test_a_failed_build_shows_mavens_last_lines_and_leaves_nothing(maven: Maven) -> None:
    maven("for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; echo cannot resolve >&2; exit 1")
    with pytest.raises(BuildError) as failed:
        jar.build(b"<a/>")
    lines = str(failed.value).splitlines()
    assert lines[0] == f"Maven could not build {jar.NAME}:"
    assert (lines[1], lines[-1]) == ("  line 3", "  cannot resolve")
    assert [path for path in files.cache().rglob("*") if path.is_file()] == []


# A jar with one class; Python stands in for the JDK's own program.
MAKES_A_JAR = f"""mkdir target
"{sys.executable}" -c "
from zipfile import ZipFile
ZipFile('target/{jar.NAME}', 'w').writestr('A.class', 'code')"
"""


def pinned(content: str) -> bytes:
    return f"<a><content.sha256>{content}</content.sha256></a>".encode()


def test_a_jar_that_is_not_what_was_pinned_is_refused_and_not_kept(maven: Maven) -> None:
    runs = maven(MAKES_A_JAR)
    with pytest.raises(BuildError, match="one of its dependencies has changed") as refused:
        jar.build(pinned("0" * 64))
    assert [path for path in files.cache().rglob("*") if path.is_file()] == []
    told = str(refused.value).partition("<content.sha256>")[2].partition("<")[0]
    built = jar.build(pinned(told))
    assert jar.digest(built) == told
    assert runs.read_text().count("run") == 2


def test_the_digest_is_of_names_and_content_however_packed(tmp_path: Path) -> None:
    def made(entries: dict[str, str], packing: int = zipfile.ZIP_STORED) -> str:
        with zipfile.ZipFile(tmp_path / "made.jar", "w", packing) as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
        return jar.digest(tmp_path / "made.jar")

    one = made({"A": "a", "B": "b"})
    assert made({"B": "b", "A": "a"}, zipfile.ZIP_DEFLATED) == one
    others = [{"A": "a"}, {"A": "a", "B": "c"}, {"A": "a", "C": "b"}, {"A": "a", "B": "b", "C": ""}]
    assert one not in [made(entries) for entries in others]


def test_the_analytics_pins_its_jar() -> None:
    pom = FUNCTIONS / "analytics" / jar.POM
    assert jar.PIN.search(pom.read_bytes())


def test_a_build_without_a_jar_is_a_failure(maven: Maven) -> None:
    maven("true")
    with pytest.raises(BuildError):
        jar.build(b"<a/>")


def test_a_missing_maven_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="apt-get install maven"):
        jar.build(b"<a/>")


def test_an_interrupted_build_ends_maven_and_leaves_nothing(maven: Maven, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    # Held open by Maven alone: reading it ends when Maven does.
    maven(f"exec 3> {alive}; exec tail -f /dev/null")
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        build = pool.submit(jar.build, b"<a/>", cancelled)
        with alive.open("rb") as held:
            cancelled.set()
            assert held.read() == b""
        with pytest.raises(BuildError, match="interrupted"):
            build.result()
    assert [path for path in files.cache().rglob("*") if path.is_file()] == []
