from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from miztiik_events.deploy import bundle
from miztiik_events.deploy.jar import NAME
from miztiik_events.errors import BuildError


def folder_of(place: Path, **sources: str) -> Path:
    folder = place / "one"
    folder.mkdir(parents=True)
    for name, content in sources.items():
        (folder / f"{name}.py").write_text(content)
    return folder


def test_the_same_source_gives_the_same_key_and_bytes(tmp_path: Path) -> None:
    first = folder_of(tmp_path / "a", handler="x = 1", tally="y = 2")
    second = folder_of(tmp_path / "b", tally="y = 2", handler="x = 1")
    os.utime(second / "handler.py", (1, 1))
    (second / "handler.py").chmod(0o600)
    (second / "__pycache__").mkdir()
    (second / "__pycache__" / "handler.cpython-311.pyc").write_bytes(b"byte code")
    (second / "void").mkdir()
    (second / ".DS_Store").write_bytes(b"")
    bundles = [bundle.bundle(folder) for folder in (first, second)]
    zips = [bundle.write(b, tmp_path / f"{n}.zip").read_bytes() for n, b in enumerate(bundles)]
    assert bundles[0].key == bundles[1].key
    assert zips[0] == zips[1]


def test_another_process_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, handler="x = 1", tally="y = 2")
    ours = bundle.write(bundle.bundle(folder), tmp_path / "ours.zip")
    theirs = tmp_path / "theirs.zip"
    code = (
        "import os, sys; from pathlib import Path; from miztiik_events.deploy import bundle; "
        "os.umask(0);"
        "bundle.write(bundle.bundle(Path(sys.argv[1])), Path(sys.argv[2]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", code, folder, theirs], check=True, env=environment)
    assert theirs.read_bytes() == ours.read_bytes()


def test_other_content_or_another_name_gives_another_key(tmp_path: Path) -> None:
    keys = {
        bundle.bundle(folder_of(tmp_path / "1", a="bc")).key,
        bundle.bundle(folder_of(tmp_path / "2", a="bd")).key,
        bundle.bundle(folder_of(tmp_path / "3", b="bc")).key,
        bundle.bundle(folder_of(tmp_path / "4", a="b", c="")).key,
    }
    assert len(keys) == 4
    assert all(key.startswith("one/") and key.endswith(".zip") for key in keys)


def test_folders_inside_a_function_are_kept(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, handler="x = 1")
    (folder / "rules").mkdir()
    (folder / "rules" / "__init__.py").write_text("")
    with zipfile.ZipFile(bundle.write(bundle.bundle(folder), tmp_path / "a.zip")) as archive:
        assert archive.namelist() == ["handler.py", "rules/__init__.py"]


def test_lambda_can_read_the_files(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, handler="x = 1")
    (folder / "handler.py").chmod(0o600)
    with zipfile.ZipFile(bundle.write(bundle.bundle(folder), tmp_path / "a.zip")) as archive:
        assert archive.infolist()[0].external_attr >> 16 == 0o100644


def test_lambda_can_run_what_is_executable_and_the_key_tells_it(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, handler="x = 1")
    before = bundle.bundle(folder)
    (folder / "handler.py").chmod(0o700)
    with zipfile.ZipFile(bundle.write(bundle.bundle(folder), tmp_path / "a.zip")) as archive:
        assert archive.infolist()[0].external_attr >> 16 == 0o100755
    assert bundle.bundle(folder).key != before.key


def test_what_lambda_does_not_take_is_told_before_anything_is_written(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, handler="x = 1")
    with (folder / "model.bin").open("wb") as file:
        file.truncate(262_144_000)
    with pytest.raises(BuildError, match=r"at most 262,144,000\. The largest: model\.bin"):
        bundle.bundle(folder)


def test_only_folders_with_files_are_functions(tmp_path: Path) -> None:
    folder_of(tmp_path, handler="x = 1")
    (tmp_path / "empty").mkdir()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("x")
    assert bundle.names(tmp_path) == list(bundle.bundles(tmp_path)) == ["one"]


def test_a_pom_becomes_its_jar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_maven: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = folder_of(tmp_path, main="x = 1")
    (folder / "pom.xml").write_text("<project/>")
    with zipfile.ZipFile(bundle.write(bundle.bundle(folder), tmp_path / "a.zip")) as archive:
        assert archive.namelist() == ["main.py", f"lib/{NAME}"]
        assert archive.read(f"lib/{NAME}") == b"<project/>"
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


@pytest.fixture
def fake_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `mvn` first on the path whose jar is the pom.xml itself."""
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nmkdir target && cp pom.xml target/{NAME}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    return program


def test_the_real_functions_all_have_a_bundle() -> None:
    names = {entry.name for entry in Path("functions").iterdir() if (entry / "handler.py").exists()}
    assert names | {"analytics"} == set(bundle.bundles())
