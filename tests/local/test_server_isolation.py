"""The AWS on this machine: loopback alone, throw-away keys alone; and it ends as a whole.

One that runs a function and a Flink application is looked at, from the start of Flink on, and then
killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

import command_line
import processes
import small_functions
from counting_application import PROPERTIES, Counter, code_in, create, role_in
from miztiik_events import files
from miztiik_events.local import launch, requirements, variables
from miztiik_events.local.flink import processes as flink_processes
from miztiik_events.local.folder import Folder
from shared_aws import TestAws
from waiting import until

pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(
        not Path("/proc/net/tcp").exists(), reason="reads what Linux tells of processes in /proc"
    ),
]
# The form of real keys; these are the ones of AWS's documentation, or made up.
REAL = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEXAMPLETOKEN",
    "AWS_PROFILE": "the-real-profile",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/v2/the-real-uri",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "the-real-authorization",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/the/real/token",
}
LOOPBACK = {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
# A parent that was given real credentials and holds an AWS until it is killed.
PARENT = """
import sys
from miztiik_events.local.launch import local_aws
with local_aws() as aws:
    print(aws.folder.path, aws.address.port, aws.address.pid, flush=True)
    sys.stdin.read()
"""
FUNCTION = """
import os, time
def handler(event, context):
    return dict(os.environ)
"""


@dataclass
class Busy:
    """An AWS that runs a function and an application, and what was seen since Flink's start."""

    aws: TestAws
    parent: subprocess.Popen[str]
    application: Counter
    listening: set[str] = field(default_factory=set)
    environments: dict[int, str] = field(default_factory=dict)
    function_environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.aws.running.folder.path

    @property
    def server(self) -> int:
        return self.aws.running.address.pid

    def look(self) -> None:
        """At every process of the server's group: JobManager, TaskManager, client, functions."""
        found = [*processes.in_group(self.server), *processes.ids_naming(self.folder)]
        self.listening |= processes.addresses(found)
        for pid in found:
            self.environments.setdefault(pid, processes.environment(pid))


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    if not requirements.has_python():
        pytest.skip(f"MiniStack and Flink need {requirements.PYTHONS}")
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    keys = "\n".join(f"{name.lower()} = {value}" for name, value in REAL.items())
    (home / ".aws" / "credentials").write_text(f"[default]\n{keys}\n[the-real-profile]\n{keys}\n")
    with processes.started(
        [sys.executable, "-c", PARENT],
        # Flink's classes are in the cache, without which it takes twice as long to start.
        env={**os.environ, **REAL, "HOME": str(home), "XDG_CACHE_HOME": str(files.cache().parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout
        path, port, pid = parent.stdout.readline().split()
        running = launch.LocalAws(launch.Address(int(port), int(pid)), Folder(Path(path)))
        yield started(TestAws(running), parent)


def started(aws: TestAws, parent: subprocess.Popen[str]) -> Busy:
    application = create(aws, "busy", role_in(aws), code_in(aws), PROPERTIES)
    busy = Busy(aws, parent, application)
    function = small_functions.create(aws, FUNCTION)
    answer = aws.client("lambda").invoke(FunctionName=function)
    busy.function_environment = json.loads(answer["Payload"].read())
    application.flink.start_application(ApplicationName="busy", RunConfiguration={})

    def is_up() -> bool:
        busy.look()
        return application.status != "STARTING"

    until(is_up)
    assert application.status == "RUNNING", application.messages()[-3:]
    busy.look()
    return busy


def test_all_of_it_was_seen(busy: Busy) -> None:
    """What the other tests look for they can find."""
    seen = "\n".join(busy.environments.values())
    assert {process.kind for process in flink_processes.alive(busy.folder / "flink")} == {
        "jobmanager",
        "taskmanager",
    }
    # Server and reaper; Flink's two and its client with a Python of its own; the function.
    assert len(busy.environments) >= 6
    assert "AWS_LAMBDA_FUNCTION_NAME" in seen
    assert "FLINK_CONF_DIR" in seen
    assert busy.listening


def test_the_callers_cache_is_theirs(busy: Busy) -> None:
    """It has the classes that Flink's JVMs share."""
    jobmanager, taskmanager = flink_processes.alive(busy.folder / "flink")
    for process in (jobmanager, taskmanager):
        assert f"XDG_CACHE_HOME={files.cache().parent}\0" in busy.environments[process.pid]


def test_everything_listens_on_loopback_alone(busy: Busy) -> None:
    assert busy.listening <= LOOPBACK


def test_no_process_was_given_the_callers_credentials(busy: Busy) -> None:
    for pid, text in busy.environments.items():
        assert [name for name, value in REAL.items() if value in text] == [], pid
    for value in REAL.values():
        assert value not in busy.function_environment.values()


def all_content(folder: Path) -> bytes | None:
    """All that is in its files; None when one went while it looked, as those of checkpoints do."""
    try:
        return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    except FileNotFoundError:
        return None


def test_no_file_or_log_has_the_callers_credentials(busy: Busy) -> None:
    until(lambda: busy.application.counted())
    said = json.dumps(busy.application.messages())
    assert any(busy.folder.rglob("*.log"))
    content = until(lambda: all_content(busy.folder), "files that stay while they are read")
    for value in REAL.values():
        assert value not in said
        assert value.encode() not in content


@pytest.mark.parametrize(
    ("service", "operation", "codes"),
    [
        ("sts", "get_caller_identity", {"InvalidClientTokenId"}),
        ("cloudformation", "list_stacks", {"InvalidClientTokenId"}),
        ("s3", "list_buckets", {"InvalidAccessKeyId"}),
        ("kinesis", "list_streams", {"UnrecognizedClientException"}),
        ("events", "list_rules", {"UnrecognizedClientException"}),
        ("kinesisanalyticsv2", "list_applications", {"UnrecognizedClientException"}),
        ("lambda", "list_functions", {"UnrecognizedClientException"}),
    ],
)
def test_keys_that_look_real_are_refused(
    local_aws: TestAws, service: str, operation: str, codes: set[str]
) -> None:
    client = boto3.session.Session(
        REAL["AWS_ACCESS_KEY_ID"], REAL["AWS_SECRET_ACCESS_KEY"], region_name=variables.REGION
    ).client(service, endpoint_url=local_aws.endpoint)  # type: ignore[call-overload]
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)()
    assert refused.value.response["Error"]["Code"] in codes


@pytest.mark.parametrize("name", sorted(REAL))
def test_a_server_that_is_given_real_credentials_does_not_start(name: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "state")
    folder.create()
    lock = folder.take_lock()
    assert lock is not None
    done = subprocess.run(
        [sys.executable, "-m", "miztiik_events.local.server", folder.path, str(lock), "child",
         "kept"],
        env={"PATH": os.environ["PATH"], name: REAL[name]},
        pass_fds=[lock],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    os.close(lock)
    assert done.returncode == 5
    told = json.loads(done.stdout)["error"]
    assert name in told
    assert REAL[name] not in told
    assert "takes no real credentials" in told


def test_with_real_credentials_in_the_shell_local_start_works(tmp_path: Path) -> None:
    variables = {**os.environ, **command_line.NO_SETTINGS, **REAL}
    try:
        for command in ("start", "status"):
            done = subprocess.run(
                [command_line.PROGRAM, "local", command],
                cwd=tmp_path,
                env=variables,
                capture_output=True,
                text=True,
                timeout=100,
            )
            assert done.returncode == 0, done.stderr
    finally:
        launch.stop(Folder(tmp_path / launch.FOLDER_NAME))


def test_killing_the_parent_ends_functions_and_flink_and_leaves_no_folder(busy: Busy) -> None:
    alive = [pid for pid in busy.environments if processes.is_alive(pid)]
    assert len(alive) >= 4
    os.kill(busy.parent.pid, signal.SIGKILL)
    until(lambda: not busy.folder.exists(), "the folder's end")
    until(lambda: not any(processes.is_alive(pid) for pid in alive), "the processes' end")
    assert processes.naming(busy.folder) == []
