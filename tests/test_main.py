"""The program as a user meets it: exit codes, the one line that helps, what it takes to start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import click_version
import command_line
from miztiik_events.main import COMMANDS
from small_projects import empty_project, queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

REGION = {"AWS_DEFAULT_REGION": "eu-west-1"}
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
NOWHERE = {**REGION, **KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
LOCAL_COMMANDS = ("demo", "graph", "init", "package", "validate", "local", "completion")
HEAVY = {"boto3", "botocore", "yaml", "cfnlint"}
START = """
import sys
from miztiik_events.main import main
try:
    main(sys.argv[1:])
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("settings", "arguments", "said"),
    [
        (REGION, (), "No AWS credentials"),
        (KEYS, (), "No region"),
        ({**REGION, **KEYS}, ("--profile", "nobody"), "profile (nobody) could not be found"),
        ({**REGION, **KEYS, "AWS_PROFILE": "nobody"}, (), "profile (nobody) could not be found"),
        (NOWHERE, (), "Could not reach http://127.0.0.1:1"),
    ],
    ids=["credentials", "region", "profile", "profile variable", "endpoint"],
)
def test_without_a_way_to_aws_one_line_says_what_and_how_to_fix_it(
    settings: Mapping[str, str], arguments: tuple[str, ...], said: str
) -> None:
    done = command_line.run(settings, "status", *arguments)
    assert (done.returncode, done.stdout) == (5, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert said in line
    assert "miztiik-events local start" in line


def test_the_region_is_taken_from_the_variable_that_the_message_names() -> None:
    assert "set AWS_REGION" in command_line.run(KEYS, "status").stderr
    done = command_line.run({"AWS_REGION": "eu-west-1"}, "status")
    assert "No AWS credentials" in done.stderr


@pytest.mark.parametrize(
    "settings",
    [
        {**NOWHERE, "AWS_ENDPOINT_URL": "127.0.0.1:1"},
        {**NOWHERE, "AWS_ENDPOINT_URL": "http://"},
        {**NOWHERE, "AWS_ENDPOINT_URL_CLOUDFORMATION": "127.0.0.1:1"},
        {**KEYS, "AWS_DEFAULT_REGION": "eu west"},
        {**REGION, "AWS_ACCESS_KEY_ID": "test"},
    ],
    ids=[
        "no http",
        "no host",
        "no http for one service",
        "region with a blank",
        "half of the keys",
    ],
)
def test_a_wrong_setting_is_no_defect_of_the_program(settings: Mapping[str, str]) -> None:
    done = command_line.run(settings, "status")
    assert len(done.stderr.splitlines()) == 1
    assert "defect" not in done.stderr
    assert done.returncode == 5


@pytest.mark.parametrize("content", ["[default", "[default]\ncredential_process = /bin/false\n"])
def test_a_configuration_file_that_gives_no_credentials_ends_with_5(
    tmp_path: Path, content: str
) -> None:
    config = tmp_path / "config"
    config.write_text(content)
    done = command_line.run({**REGION, "AWS_CONFIG_FILE": str(config)}, "status")
    assert len(done.stderr.splitlines()) == 1
    assert done.returncode == 5


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in LOCAL_COMMANDS])
def test_every_command_that_needs_aws_ends_with_5_without_it(command: str) -> None:
    needed = ["SELECT 1"] if command == "query" else []
    done = command_line.run({}, command, *needed)
    assert (done.returncode, done.stdout) == (5, "")
    assert len(done.stderr.splitlines()) == 1


def test_debug_shows_the_traceback_and_then_the_line() -> None:
    done = command_line.run({}, "status", "--debug")
    assert done.returncode == 5
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.splitlines()[-1].startswith("Error: No region")


def test_debug_can_come_from_its_variable_as_every_option() -> None:
    done = command_line.run({"MIZTIIK_EVENTS_STATUS_DEBUG": "1"}, "status")
    assert done.stderr.startswith("Traceback (most recent call last):")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("frobnicate",), "No such command 'frobnicate'"),
        (("local", "frobnicate"), "No such command 'frobnicate'"),
        pytest.param(
            *(("status", "--frobnicate"), "No such option '--frobnicate'"),
            marks=click_version.QUOTES_OPTIONS,
        ),
        (("status", "superfluous"), "unexpected extra argument"),
        (("status", "--output", "xml"), "'xml' is not one of"),
        (("status", "--project", "7up"), "letters, digits and hyphens, a letter first"),
        (("status", "--project", "p" * 25), "at most 24"),
        (("deploy", "--templates", "/nowhere"), "'/nowhere' does not exist"),
    ],
)
def test_a_wrong_usage_ends_with_2_and_says_what_is_wrong(
    arguments: tuple[str, ...], said: str
) -> None:
    done = command_line.run({}, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "--help" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_that_of_the_package() -> None:
    done = command_line.run_script({}, "--version")
    assert done.returncode == 0
    assert done.stdout == f"miztiik-events, version {version('miztiik-events')}\n"


@pytest.mark.parametrize("arguments", [("--help",), ("deploy", "--help"), ("--version",)])
def test_to_start_takes_none_of_the_heavy_packages(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    loaded = set(done.stderr.split())
    assert "click" in loaded
    assert not loaded & HEAVY


def test_options_can_come_from_variables(tmp_path: Path) -> None:
    project = queue_project(tmp_path)
    settings = {
        "MIZTIIK_EVENTS_PACKAGE_TEMPLATES": str(project.templates),
        "MIZTIIK_EVENTS_PACKAGE_FUNCTIONS": str(project.functions),
        "MIZTIIK_EVENTS_PACKAGE_OUTPUT_DIR": str(tmp_path / "out"),
        "MIZTIIK_EVENTS_PACKAGE_PROJECT": "by-variable",
    }
    done = command_line.run(settings, "package", "--project", "by-option")
    assert done.returncode == 0
    assert (tmp_path / "out" / "by-option-queue.json").exists()
    assert command_line.run(settings, "package").returncode == 0
    assert (tmp_path / "out" / "by-variable-queue.json").exists()


@pytest.mark.parametrize(
    ("variable", "arguments"),
    [
        ("MIZTIIK_EVENTS_START_ANALYTICS_TIMEOUT", ("start-analytics",)),
        ("MIZTIIK_EVENTS_LOCAL_STATUS_OUTPUT", ("local", "status")),
        ("MIZTIIK_EVENTS_DEPLOY_PARAMETER_OVERRIDES", ("deploy",)),
        ("MIZTIIK_EVENTS_PRODUCE_DURATION", ("produce",)),
    ],
)
def test_a_variable_is_checked_as_the_option_of_its_name(
    variable: str, arguments: tuple[str, ...]
) -> None:
    done = command_line.run({variable: "nonsense"}, *arguments)
    assert done.returncode == 2
    assert "nonsense" in done.stderr


def test_a_reader_that_goes_away_is_no_failure() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as gone:
        done = subprocess.run([command_line.PROGRAM, "--help"], stdout=gone, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


def test_python_can_run_the_package(local_aws: TestAws) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "miztiik_events", "status", "--project", "main-nowhere"],
        env={**os.environ, **command_line.NO_SETTINGS, **local_aws.environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert "'main-nowhere' is not deployed" in done.stderr


def test_an_error_cannot_steer_the_terminal(tmp_path: Path) -> None:
    sources = empty_project(tmp_path)
    sources.template("a", "Resources: {A: {Type: AWS::SNS::Topic}}\n")
    ended = command_line.run({}, "deploy", *sources.options, "-p", "Red\x1b[31m=1")
    assert ended.returncode != 0
    assert r"Red\x1b[31m" in ended.stderr
    assert "\x1b" not in ended.stderr
