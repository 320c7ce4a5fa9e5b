"""Two at once in one place: each ends well or says who is in the way, and nothing is damaged."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import command_line
import processes
from leftover import left
from live_project import WAITING, LiveProject, said
from miztiik_events import files
from miztiik_events.deploy import jar
from miztiik_events.local import launch
from miztiik_events.local.folder import Folder
from small_projects import SmallProject, queue_project
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

pytestmark = pytest.mark.aws
Ended = subprocess.CompletedProcess[str]


def begin(folder: Path, variables: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [command_line.PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, **command_line.NO_SETTINGS, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> Ended:
    said = process.communicate(timeout=300)
    assert "Traceback" not in said[1]
    assert "defect" not in said[1]
    return subprocess.CompletedProcess(process.args, process.returncode, *said)


def at_once(folder: Path, variables: Mapping[str, str], *commands: tuple[str, ...]) -> list[Ended]:
    """How each of the commands ended; they were begun together."""
    begun = [begin(folder, variables, *command) for command in commands]
    return [ended(process) for process in begun]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "work"
    path.mkdir()
    yield path
    launch.stop(Folder(path / launch.FOLDER_NAME))


@pytest.fixture
def sources(tmp_path: Path) -> SmallProject:
    (tmp_path / "sources").mkdir()
    return queue_project(tmp_path / "sources")


def test_of_starts_at_once_in_one_folder_one_starts_and_all_use_it(folder: Path) -> None:
    # What a server that was killed has left is in their way too.
    state = Folder(folder / launch.FOLDER_NAME)
    state.create()
    state.log.write_text("of an earlier one\n")
    answers = at_once(folder, {}, *[("local", "start")] * 4)
    assert [answer.returncode for answer in answers] == [0] * 4
    assert len({answer.stdout for answer in answers}) == 1
    found = sorted("Already running" in answer.stderr for answer in answers)
    assert found == [False, True, True, True]
    servers = [line for line in processes.naming(folder) if "local.server" in line]
    assert len(servers) == 1


def test_a_stop_while_it_starts_leaves_nothing_half(folder: Path) -> None:
    state = Folder(folder / launch.FOLDER_NAME)
    starting = begin(folder, {}, "local", "start")
    until(state.is_locked, "the lock")
    (stopped,) = at_once(folder, {}, ("local", "stop"))
    started = ended(starting)
    assert stopped.returncode == 0
    assert "Stopped" in stopped.stderr
    assert started.returncode == 0 or "did not start: it was ended" in started.stderr
    assert list(folder.iterdir()) == []
    assert processes.naming(folder) == []


def test_starts_and_stops_at_random_leave_one_server_or_none(folder: Path) -> None:
    start, stop = ("local", "start"), ("local", "stop")
    for answer in at_once(folder, {}, start, stop, start, stop, stop, start, start, stop):
        assert answer.returncode in (0, 1), answer.stderr
        ended = ("did not start: it was ended", "was ended meanwhile")
        assert answer.returncode == 0 or any(text in answer.stderr for text in ended)
    servers = [line for line in processes.naming(folder) if "local.server" in line]
    state = Folder(folder / launch.FOLDER_NAME)
    assert len(servers) == (1 if launch.running(state) else 0)
    assert at_once(folder, {}, stop)[0].returncode == 0
    assert processes.naming(folder) == []
    assert list(folder.iterdir()) == []


def test_deploys_of_one_project_at_once_all_end_well(
    local_aws: TestAws, sources: SmallProject
) -> None:
    project = LiveProject(local_aws, sources)
    command = ("deploy", "--project", project.name, *sources.options)
    for _ in ("create", "update"):
        for answer in at_once(sources.folder, local_aws.environment, *[command] * 3):
            assert answer.returncode == 0, answer.stderr
            assert "deleted" not in answer.stderr
        assert "Nothing changed" in project.deploy("--output=table").stderr
        assert project.statuses.keys() == {"artifacts", "queue", "alarm"}
        sources.source("one", "handler.py", "handler = repr\n")
        alarm = sources.templates / "alarm.yaml"
        alarm.write_text(alarm.read_text() + "Outputs:\n  TopicArn: {Value: !Ref Topic}\n")


def test_a_destroy_waits_for_what_a_deploy_has_under_way_and_then_removes_it(
    local_aws: TestAws, sources: SmallProject
) -> None:
    sources.template("waiting", WAITING)
    project = LiveProject(local_aws, sources)
    deploying = project.start("deploy", *sources.options)
    said(deploying, "Signal  CREATE_IN_PROGRESS")
    destroying = project.start("destroy", "--yes")
    said(destroying, "is already in CREATE_IN_PROGRESS; waiting for it to finish")
    project.signal("waiting")
    assert ended(destroying).returncode == 0
    deployed = ended(deploying)
    # It has seen the end of its stack, or that the stack was deleted at once.
    assert deployed.returncode == 0 or f"{project.name}-waiting failed" in deployed.stderr
    assert project.run("destroy", "--yes").returncode == 0
    assert left(project) == []


def test_packages_into_one_folder_at_once_are_one_and_never_half(
    sources: SmallProject, tmp_path: Path
) -> None:
    sources.source("one", "large.py", "#" * 20_000_000)
    out, alone = tmp_path / "out", tmp_path / "alone"
    package = ("package", *sources.options, "--output-dir")
    builds = [begin(tmp_path, {}, *package, str(out)) for _ in range(3)]
    while any(build.poll() is None for build in builds):
        for path in out.rglob("*.zip"):
            with zipfile.ZipFile(path) as archive:
                assert len(archive.namelist()) == 2
    assert [ended(build).returncode for build in builds] == [0] * 3
    assert at_once(tmp_path, {}, (*package, str(alone)))[0].returncode == 0
    assert contents(out) == contents(alone)


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_of_two_builds_of_one_jar_the_second_takes_that_of_the_first(
    sources: SmallProject, tmp_path: Path
) -> None:
    sources.source("one", jar.POM, "<project/>")
    maven, going, gate = tmp_path / "bin" / "mvn", tmp_path / "going", tmp_path / "gate"
    maven.parent.mkdir()
    os.mkfifo(gate)
    script = f"echo run >>{going}; cat {gate}; mkdir target && echo jar >target/{jar.NAME}"
    maven.write_text(f"#!/bin/sh\n{script}\n")
    maven.chmod(0o755)
    path = f"{maven.parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": path}
    builds = [
        begin(tmp_path, variables, "package", *sources.options, f"--output-dir={tmp_path}/{name}")
        for name in ("first", "second")
    ]
    until(going.exists, "Maven")
    with gate.open("w"):
        pass
    assert [ended(process).returncode for process in builds] == [0, 0]
    assert going.read_text() == "run\n"
    assert len({bytes_ for name in ("first", "second") for bytes_ in zips(tmp_path / name)}) == 1


def zips(folder: Path) -> list[bytes]:
    return [content for name, content in contents(folder).items() if name.endswith(".zip")]


def test_what_a_killed_build_left_goes_with_the_next(tmp_path: Path) -> None:
    killed = tmp_path / "build-killed"
    (killed / "target").mkdir(parents=True)
    with (
        files.temporary_folder("build-", tmp_path) as living,
        files.temporary_folder("build-", tmp_path) as other,
    ):
        assert sorted(tmp_path.iterdir()) == sorted([living, other])
    assert list(tmp_path.iterdir()) == []
