"""How JVMs of Flink are started, with and without the classes that they share."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from miztiik_events.local import requirements
from miztiik_events.local.flink import jvm

pytestmark = pytest.mark.aws


def version(folder: Path) -> tuple[subprocess.CompletedProcess[str], str]:
    """What Flink's client says when asked for its version, and where its classes came from."""
    log = folder / "classes.log"
    options = [f"-Xlog:class+load:file={log}"]
    command = jvm.command(jvm.CLIENT, folder, options, ["--version"])
    environment = jvm.folders(jvm.flink_home() / "conf", folder)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done, log.read_text()


def test_flinks_classes_come_out_of_the_archive(tmp_path: Path) -> None:
    # Java does not share the classes of a jar whose path has a space.
    if requirements.java_version("java") < 13 or " " in str(jvm.flink_home()):
        pytest.skip("from Java 13 on, and from a path without a space")
    archive = jvm.share_classes()
    assert archive
    assert jvm.share_classes() == archive
    done, loaded = version(tmp_path)
    assert done.returncode == 0, done.stderr
    client = next(line for line in loaded.splitlines() if f"{jvm.CLIENT} source:" in line)
    assert client.endswith("shared objects file (top)")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    return version(tmp_path_factory.mktemp("expected"))[0]


@pytest.mark.parametrize("archive", [None, b"", b"of another Java"])
def test_without_an_archive_that_fits_flink_says_and_does_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expected: subprocess.CompletedProcess[str],
    archive: bytes | None,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if archive is not None:
        shared = jvm._shared(requirements.find_java() / "bin" / "java")
        shared.mkdir(parents=True)
        jvm._archive(shared).write_bytes(archive)
    done, loaded = version(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected.stdout, expected.stderr)
    assert "shared objects file (top)" not in loaded
