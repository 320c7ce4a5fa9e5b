"""`package`: the files it writes, and that they are what `deploy` would send."""

from __future__ import annotations

import json
import os
import zipfile
from itertools import chain
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

import command_line
from live_project import LiveProject
from small_projects import QUEUE, SmallProject, queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

STACKS = ("artifacts", "queue", "alarm")


@pytest.fixture
def sources(tmp_path: Path) -> SmallProject:
    (tmp_path / "sources").mkdir()
    return queue_project(tmp_path / "sources")


def package(sources: SmallProject, target: Path, *arguments: str) -> CompletedProcess[str]:
    """Without any settings: it has to do without AWS."""
    done = command_line.run(
        {}, "package", "--project=shop", f"--output-dir={target}", *sources.options, *arguments
    )
    assert done.returncode == 0, done.stderr
    assert all(line.endswith(" bytes") for line in done.stderr.splitlines())
    return done


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_it_writes_a_zip_for_each_function_and_a_file_for_each_stack(
    sources: SmallProject, tmp_path: Path
) -> None:
    target = tmp_path / "new" / "out"
    package(sources, target)
    (code,) = (path for path in files(target) if path.endswith(".zip"))
    assert code.startswith("one/")
    with zipfile.ZipFile(target / code) as archive:
        assert archive.read("handler.py") == b"handler = print\n"
        assert archive.namelist() == ["handler.py"]
    assert json.loads((target / "shop-queue.json").read_text()) == {
        "Parameters": {"OneCode": code},
        "Tags": {"miztiik-events:project": "shop", "miztiik-events:template": "queue"},
    }
    stacks = {f"shop-{name}.json" for name in STACKS}
    templates = {f"templates/{name}.yaml" for name in STACKS}
    assert files(target).keys() == stacks | templates | {code, "deploy.sh"}


def test_the_files_are_listed_in_each_form_in_the_order_of_deployment(
    sources: SmallProject, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    listed = package(sources, target).stdout.splitlines()
    assert {Path(path).suffix for path in listed[:1]} == {".zip"}
    stacks = ((f"templates/{name}.yaml", f"shop-{name}.json") for name in STACKS)
    assert listed[1:] == [f"{target}/{path}" for path in (*chain(*stacks), "deploy.sh")]
    assert json.loads(package(sources, target, "--output=json").stdout) == listed
    lines = package(sources, target, "--output=ndjson").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [{"path": path} for path in listed]


def test_the_same_source_gives_the_same_bytes_everywhere(
    sources: SmallProject, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    elsewhere = queue_project(tmp_path / "elsewhere")
    handler = elsewhere.functions / "one" / "handler.py"
    handler.chmod(0o600)
    os.utime(handler, (1, 1))
    package(sources, tmp_path / "first")
    package(elsewhere, tmp_path / "second")
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_a_second_run_replaces_what_changed(sources: SmallProject, tmp_path: Path) -> None:
    target = tmp_path / "out"
    package(sources, target)
    before = files(target)
    sources.source("one", "handler.py", "handler = repr\n")
    package(sources, target)
    after = files(target)
    new = after.keys() - before.keys()
    assert len(new) == 1
    assert json.loads(after["shop-queue.json"])["Parameters"]["OneCode"] in new


def test_its_keys_are_those_that_deploy_uses(
    local_aws: TestAws, sources: SmallProject, tmp_path: Path
) -> None:
    project = LiveProject(local_aws, sources)
    assert project.deploy().returncode == 0
    package(sources, tmp_path / "out")
    key = project.parameter("queue", "OneCode")
    bucket = project.physical_id("artifacts", "Bucket")
    stored = local_aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert stored == (tmp_path / "out" / key).read_bytes()


def test_templates_that_do_not_fit_together_are_not_packaged(
    sources: SmallProject, tmp_path: Path
) -> None:
    sources.template("second", QUEUE)
    arguments = ("--output-dir", str(tmp_path / "out"), *sources.options)
    done = command_line.run({}, "package", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        f"{sources.templates}/alarm.yaml:2: parameter QueueArn could take the output" in done.stderr
    )
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_place_to_write_to(sources: SmallProject, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    arguments = ("--output-dir", str(tmp_path / "file"), *sources.options)
    done = command_line.run({}, "package", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a file" in done.stderr


def test_a_value_that_is_given_stands_in_the_script_and_the_file_unless_it_is_secret(
    sources: SmallProject, tmp_path: Path
) -> None:
    secret = "Parameters:\n  Password: {Type: String, NoEcho: true}\n"
    sources.template("queue", QUEUE.replace("Parameters:\n", secret))
    package(sources, tmp_path / "out", "-p", "patience=45", "-p", "Password=hunter2")
    written = json.loads((tmp_path / "out" / "shop-queue.json").read_text())
    assert written["Parameters"].items() >= {"Patience": "45"}.items()
    assert "Patience=45" in (tmp_path / "out" / "deploy.sh").read_text()
    assert not [name for name, raw in files(tmp_path / "out").items() if b"hunter2" in raw]
