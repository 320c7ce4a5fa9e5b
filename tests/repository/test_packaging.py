"""The wheel carries what the program needs, and the repository what people wrote."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

from repository import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    # A copy without earlier builds: setuptools ships what it finds in build/.
    source = folder / "source"
    for path in _tracked_or_new():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes((ROOT / path).read_bytes())
    wheel = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source]
    subprocess.run(wheel, check=True, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return set(archive.namelist())


def _tracked_or_new() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for path in listing.stdout.splitlines() if (ROOT / path).is_file()]


@pytest.mark.parametrize("folder", ["templates", "functions"])
def test_the_wheel_carries_every_file_of(folder: str, wheel: set[str]) -> None:
    expected = {f"miztiik_events/{path}" for path in _tracked_or_new() if path.startswith(folder)}
    assert expected
    assert expected <= wheel


def test_the_wheel_carries_the_page(wheel: set[str]) -> None:
    files = [path for path in _tracked_or_new() if path.startswith("cli/dashboard/page/")]
    assert files
    assert {path.replace("cli/", "miztiik_events/", 1) for path in files} <= wheel


def test_the_wheel_carries_nothing_compiled(wheel: set[str]) -> None:
    assert not [name for name in wheel if "__pycache__" in name]


def test_besides_pictures_there_is_only_text() -> None:
    """What a tool has left behind, such as a package, is found here."""
    for path in _tracked_or_new():
        if not path.endswith(".png"):
            assert b"\0" not in (ROOT / path).read_bytes(), path
