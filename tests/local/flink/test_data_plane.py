"""Managed Flink on this machine, with a small application of its own: it counts, and prints.

The tests share one run of it; each leaves it running.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import processes
from counting_application import PROPERTIES, Counter, code_in, create, document, role_in
from flink_job import FlinkJob
from miztiik_events.analytics import snapshots
from miztiik_events.analytics.application import dashboard
from miztiik_events.local import launch
from miztiik_events.local.flink import data_plane
from miztiik_events.local.flink import processes as flink_processes
from miztiik_events.local.flink.log import SERVICE
from shared_aws import TestAws
from waiting import until

pytestmark = pytest.mark.aws


@pytest.fixture(scope="module")
def role(local_aws: TestAws) -> str:
    return role_in(local_aws)


@pytest.fixture(scope="module")
def code(local_aws: TestAws) -> str:
    return code_in(local_aws)


@pytest.fixture(scope="module")
def started(local_aws: TestAws, role: str, code: str) -> Iterator[tuple[Counter, int]]:
    """It runs; and the port that was chosen for it, which was taken before Flink had it."""
    application = create(local_aws, "counter", role, code, PROPERTIES)
    application.flink.start_application(ApplicationName="counter", RunConfiguration={})
    port = until(lambda: rest_port(application))
    with socket.create_server(("127.0.0.1", port)):
        until(lambda: application.status != "STARTING")
        assert application.status == "RUNNING", application.messages()[-3:]
        until(lambda: len(application.counted()) > 0)
    yield application, port
    application.flink.stop_application(ApplicationName="counter", Force=True)
    until(lambda: application.status == "READY")


def rest_port(application: Counter) -> int:
    """The port that was chosen for its JobManager; 0 as long as none is known."""
    folder = application.aws.running.folder.flink
    for path in folder.glob(f"*{application.name}/run-*/conf/config.yaml"):
        # It may be written just now.
        with contextlib.suppress(ValueError):
            return int(json.loads(path.read_text())["rest.port"])
    return 0


@pytest.fixture(scope="module")
def counter(started: tuple[Counter, int]) -> Counter:
    return started[0]


def test_a_port_that_is_taken_before_flink_has_it_costs_a_start_and_no_more(
    started: tuple[Counter, int],
) -> None:
    application, taken = started
    assert rest_port(application) != taken
    said = [m["message"] for m in application.messages() if m["logger"] == SERVICE]
    (again,) = (text for text in said if text.endswith("; the job starts again from nothing"))
    assert again.startswith("java.net.BindException: Could not start rest endpoint"), again


def test_flinks_own_dashboard_can_be_opened(counter: Counter) -> None:
    address = dashboard(counter.flink, "counter")
    with urllib.request.urlopen(address, timeout=10) as page:
        assert "<title>Apache Flink Web Dashboard</title>" in page.read().decode()


def test_the_log_is_in_cloudwatch_as_managed_flink_writes_it(counter: Counter) -> None:
    until(lambda: len(counter.counted()) > 0)
    message = next(m for m in counter.messages() if "switched from" in m.get("message", ""))
    assert message["applicationARN"].endswith(":application/counter")
    assert message["applicationVersionId"] == "1"
    assert message["messageSchemaVersion"] == "1"
    assert message["messageType"] == "INFO"
    assert message["logger"].startswith("org.apache.flink.")
    assert message["threadName"]
    assert message["locationInformation"]


def test_the_program_gets_its_properties_and_the_endpoint(counter: Counter) -> None:
    texts = [message.get("message") for message in counter.messages()]
    assert f"the endpoint is {counter.aws.endpoint}" in texts


def test_state_is_kept_as_managed_flink_keeps_it(counter: Counter, local_aws: TestAws) -> None:
    """RocksDB in the native memory of a KPU, which one slot has to itself here."""
    job = FlinkJob(local_aws.running.folder.flink)
    # Flink names it once the first checkpoint has been begun.
    until(lambda: job.state_backend() == "EmbeddedRocksDBStateBackend")
    assert job.managed_megabytes() == 1024
    assert job.settings()["execution.checkpointing.incremental"] == "true"


def test_a_snapshot_is_a_savepoint_and_the_job_goes_on(counter: Counter) -> None:
    names = {"ApplicationName": "counter", "SnapshotName": "by-hand"}
    counter.flink.create_application_snapshot(**names)

    def details() -> Any:
        return counter.flink.describe_application_snapshot(**names)["SnapshotDetails"]

    until(lambda: details()["SnapshotStatus"] != "CREATING")
    assert details()["SnapshotStatus"] == "READY"
    seen = len(counter.counted())
    until(lambda: len(counter.counted()) > seen)


@pytest.mark.parametrize("kind", ["taskmanager", "jobmanager"])
def test_a_killed_process_costs_no_state(counter: Counter, kind: str) -> None:
    until(lambda: max(counter.counted(), default=0) > 60)
    before = len(counter.counted())
    os.kill(counter.process(kind), signal.SIGKILL)
    last = max(counter.counted())
    until(lambda: max(counter.counted()) > last + 60)
    assert counter.status == "RUNNING"
    resumed = counter.counted()[before:]
    assert min(resumed) > 1, "it began anew"
    assert set(range(min(resumed), last + 60)) <= set(resumed), "a number was left out"


def test_a_stop_takes_a_snapshot_and_the_next_start_goes_on_there(counter: Counter) -> None:
    until(lambda: len(counter.counted()) > 0)
    counter.flink.stop_application(ApplicationName="counter")
    until(lambda: counter.status == "READY")
    assert not list(flink_processes.alive(counter.aws.running.folder.flink))
    stopped = counter.counted()
    counter.start()
    assert counter.status == "RUNNING"
    until(lambda: len(counter.counted()) > len(stopped))
    assert counter.counted()[len(stopped)] == max(stopped) + 1


def test_what_the_stop_took_is_told_from_what_a_person_had_taken(counter: Counter) -> None:
    def found() -> list[snapshots.Snapshot]:
        return snapshots.of_application(counter.flink, "counter")

    (ours,) = snapshots.taken_by_itself(counter.flink, "counter", found())
    assert ours.name != "by-hand"
    assert ours.status == "READY"
    counter.flink.delete_application_snapshot(
        ApplicationName="counter", SnapshotName=ours.name, SnapshotCreationTimestamp=ours.taken
    )
    assert [one.name for one in found()] == ["by-hand"]


def test_a_program_that_fails_leaves_the_application_ready_and_tells_why(
    local_aws: TestAws, role: str, code: str
) -> None:
    options = {"kinesis.analytics.flink.run.options": {"python": "main.py"}}
    application = create(local_aws, "no-properties", role, code, options)
    application.start()
    assert application.status == "READY"
    (operation,) = application.flink.list_application_operations(ApplicationName="no-properties")[
        "ApplicationOperationInfoList"
    ]
    assert operation["OperationStatus"] == "FAILED"
    details = application.flink.describe_application_operation(
        ApplicationName="no-properties", OperationId=operation["OperationId"]
    )["ApplicationOperationInfoDetails"]
    assert details["OperationFailureDetails"]["ErrorInfo"]["ErrorString"] == "KeyError: 'counter'"
    said = [m["message"] for m in application.messages() if "kinesisanalytics" in m["logger"]]
    assert said == ["The application failed: KeyError: 'counter'"]


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"jarfile": "lib/none.jar", "python": "main.py"}, "The code has no lib/none.jar, which "),
        ({"jarfile": "lib/none.jar"}, "does not name a Python program ('python')"),
    ],
)
def test_run_options_that_name_what_is_not_there_are_told(
    local_aws: TestAws, role: str, code: str, options: dict[str, str], cause: str
) -> None:
    name = f"options-{len(options)}"
    groups = {"kinesis.analytics.flink.run.options": options}
    application = create(local_aws, name, role, code, groups)
    application.start()
    assert application.status == "READY"
    assert any(cause in message["message"] for message in application.messages())


def test_a_role_that_may_not_read_the_code_cannot_start_it(local_aws: TestAws, code: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "kinesisanalytics.amazonaws.com"}}
    created = local_aws.client("iam").create_role(
        RoleName="powerless",
        AssumeRolePolicyDocument=document({**trust, "Action": "sts:AssumeRole"}),
    )
    application = create(local_aws, "powerless", created["Role"]["Arn"], code, PROPERTIES)
    application.start()
    assert application.status == "READY"
    operations = application.flink.list_application_operations(ApplicationName="powerless")
    assert operations["ApplicationOperationInfoList"][0]["OperationStatus"] == "FAILED"


def test_a_killed_server_takes_flink_along() -> None:
    with launch.local_aws() as running:
        aws = TestAws(running)
        application = create(aws, "short-lived", role_in(aws), code_in(aws), PROPERTIES)
        application.flink.start_application(ApplicationName="short-lived", RunConfiguration={})
        until(lambda: len(list(flink_processes.alive(running.folder.flink))) == 2)
        found = list(flink_processes.alive(running.folder.flink))
        os.kill(running.address.pid, signal.SIGKILL)
        until(lambda: not any(processes.is_alive(process.pid) for process in found))


def test_an_update_does_not_begin_again_at_the_streams_start_when_its_snapshot_failed(
    tmp_path: Path,
) -> None:
    told: list[tuple[str, ...]] = []
    view = {"ApplicationStatus": "UPDATING"}
    data_plane.DataPlane(tmp_path).start(view, None, lambda *status: told.append(status))
    assert told == [("FAILED", "The snapshot before the update failed")]
