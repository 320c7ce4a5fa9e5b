"""A full disk: one line says where, nothing half-written is trusted, and with room it works."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

import command_line
from live_project import LiveProject
from miztiik_events.deploy import jar
from namespaces import Place, small_disk
from small_projects import SmallProject, queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

FULL = "No space left on device"
BIG = 300_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Place]:
    with small_disk(tmp_path / "disk", "1m") as place:
        yield place


@pytest.fixture
def sources(tmp_path: Path) -> SmallProject:
    (tmp_path / "sources").mkdir()
    project = queue_project(tmp_path / "sources")
    project.source("one", "handler.py", "handler = print\n" + "#" * BIG)
    return project


def assert_one_line(done: CompletedProcess[str], *said: str) -> None:
    assert done.returncode == 1, done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith("Error: ")
    assert all(text in line for text in (FULL, *said)), line
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr


def test_package_leaves_no_half_file_and_does_it_again_with_room(
    disk: Place, sources: SmallProject
) -> None:
    arguments = ("package", f"--output-dir={disk.folder}/out", *sources.options)
    disk.fill(but=BIG // 2)
    assert_one_line(disk.run({}, *arguments), f"{disk.folder}/out", "--output-dir")
    assert disk.files == []
    disk.free()
    assert disk.run({}, *arguments).returncode == 0
    (code,) = (name for name in disk.files if name.endswith(".zip"))
    with zipfile.ZipFile(disk.seen / code) as archive:
        assert archive.testzip() is None


def test_a_jar_that_did_not_fit_is_not_taken_for_one(
    disk: Place, sources: SmallProject, tmp_path: Path
) -> None:
    sources.source("one", jar.POM, "<project/>")
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir()
    maven.write_text(
        f"#!/bin/sh\nmkdir target && head -c {BIG} pom.xml /dev/zero >target/{jar.NAME}"
    )
    maven.chmod(0o755)
    path = f"{maven.parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"XDG_CACHE_HOME": str(disk.folder), "PATH": path}
    arguments = ("package", f"--output-dir={tmp_path}/out", *sources.options)
    for room in (0, BIG // 2):
        disk.fill(but=room)
        done = disk.run(variables, *arguments)
        assert done.returncode == 1
        assert FULL in done.stderr
        assert "defect" not in done.stderr
        assert disk.files == []
        disk.free()
    assert disk.run(variables, *arguments).returncode == 0


def test_deploy_needs_no_room_for_its_history(
    local_aws: TestAws, disk: Place, sources: SmallProject
) -> None:
    project = LiveProject(local_aws, sources)
    disk.fill()
    variables = {**local_aws.environment, "XDG_CACHE_HOME": str(disk.folder)}
    done = disk.run(variables, "deploy", "--project", project.name, *sources.options)
    assert done.returncode == 0, done.stderr
    assert disk.files == []


def test_deploy_says_where_its_zips_do_not_fit_and_goes_on_with_room(
    local_aws: TestAws, disk: Place, sources: SmallProject
) -> None:
    project = LiveProject(local_aws, sources)
    disk.fill(but=BIG // 2)
    variables = {**local_aws.environment, "TMPDIR": str(disk.folder)}
    arguments = ("deploy", "--project", project.name, *sources.options)
    done = disk.run(variables, *arguments)
    assert_one_line(done, str(disk.folder), "TMPDIR")
    assert disk.files == []
    assert project.statuses.keys() == {"artifacts"}
    disk.free()
    assert disk.run(variables, *arguments).returncode == 0
    assert project.statuses.keys() == {"artifacts", "queue", "alarm"}


@pytest.mark.aws
@pytest.mark.parametrize("room", [0, 4096])
def test_local_start_says_where_its_state_does_not_fit(disk: Place, room: int) -> None:
    disk.fill(but=room)
    done = disk.run({}, "local", "start")
    assert_one_line(done, str(disk.folder))
    assert done.stdout == ""
    disk.free()
    assert disk.run({}, "local", "start").returncode == 0
    assert disk.run({}, "local", "stop").returncode == 0
    assert disk.files == []


@pytest.mark.aws
def test_demo_says_where_its_code_does_not_fit_and_leaves_nothing(disk: Place) -> None:
    done = disk.run({"TMPDIR": str(disk.folder)}, "demo")
    assert_one_line(done, str(disk.folder), "TMPDIR")
    assert list(disk.seen.iterdir()) == []


def test_an_output_that_is_full_is_no_defect() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [command_line.PROGRAM, "local", "status", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert_one_line(CompletedProcess(done.args, done.returncode, "", done.stderr))
