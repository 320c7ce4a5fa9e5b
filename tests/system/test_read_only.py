"""Where nothing may be written: what need not write works, the rest says where and what to do."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from live_project import LiveProject
from miztiik_events.deploy import jar
from namespaces import PLAIN_USER, Place, read_only, run
from small_projects import SmallProject, queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Place]:
    """A home folder, which holds all that the tests use: sources, cache, working folder."""
    folder = tmp_path / "home"
    for name in ("sources", "work", ".cache"):
        (folder / name).mkdir(parents=True)
    queue_project(folder / "sources")
    with read_only(folder) as place:
        yield place


@pytest.fixture
def sources(home: Place) -> SmallProject:
    return SmallProject(home.folder / "sources")


def assert_refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    assert (done.returncode, done.stdout) == (5, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert all(text in line for text in said), line


def test_deploy_and_destroy_need_no_writable_home(
    local_aws: TestAws, home: Place, sources: SmallProject
) -> None:
    project = LiveProject(local_aws, sources)
    variables = {**local_aws.environment, "HOME": str(home.folder)}
    for command in (("deploy", *sources.options), ("status",), ("destroy", "--yes")):
        done = home.run(variables, *command, "--project", project.name)
        assert done.returncode == 0, done.stderr
        assert "Read-only" not in done.stderr
    assert project.statuses == {}


@pytest.mark.aws
def test_the_jar_names_its_cache_and_the_variable_for_another(
    home: Place, sources: SmallProject, tmp_path: Path
) -> None:
    sources.source("one", jar.POM, "<project/>")
    arguments = ("package", f"--output-dir={tmp_path}/out", *sources.options)
    cache = f"{home.folder}/.cache/miztiik-events"
    done = home.run({"HOME": str(home.folder)}, *arguments)
    assert_refused(done, f"{cache}: Read-only file system", "XDG_CACHE_HOME")


def test_package_names_its_folder_and_the_option_for_another(
    home: Place, sources: SmallProject
) -> None:
    done = home.run({}, "package", f"--output-dir={home.folder}/out", *sources.options)
    assert_refused(done, f"{home.folder}/out: Read-only file system", "--output-dir")


@pytest.mark.aws
def test_local_start_names_the_folder_and_the_others_need_none(home: Place) -> None:
    work = home.folder / "work"
    done = home.run({}, "local", "start", cwd=work)
    assert_refused(done, f"{work}/.miztiik-events: Read-only file system", "go to a folder")
    for command, code in (("status", 0), ("stop", 0), ("env", 1)):
        done = home.run({}, "local", command, cwd=work)
        assert done.returncode == code
        assert "Read-only" not in done.stderr


def test_without_any_place_for_temporary_files_deploy_says_which_it_tried(
    local_aws: TestAws, tmp_path: Path
) -> None:
    (tmp_path / "sources").mkdir()
    project = LiveProject(local_aws, queue_project(tmp_path / "sources"))
    everywhere = [path for path in ("/tmp", "/var/tmp", "/usr/tmp") if Path(path).exists()]
    arguments = ("deploy", "--project", project.name, *project.sources.options)
    with read_only(tmp_path, *map(Path, everywhere)) as place:
        done = place.run(local_aws.environment, *arguments)
    assert done.returncode == 1
    assert "No usable temporary directory found in ['/tmp', " in done.stderr
    assert "TMPDIR" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert project.statuses == {}


@pytest.mark.aws
def test_a_folder_of_somebody_else_is_refused_like_a_read_only_one(tmp_path: Path) -> None:
    if subprocess.run([*PLAIN_USER, "true"], capture_output=True).returncode:
        pytest.skip("no user namespace of one's own here")
    tmp_path.chmod(0o500)
    done = run([*PLAIN_USER, "sh", "-c", f'cd {tmp_path} && exec "$@"', "sh"], {}, "local", "start")
    assert_refused(done, f"{tmp_path}/.miztiik-events: Permission denied", "go to a folder")
