"""Snapshots of an application that runs: who had them taken, and how one is deleted."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from counting_application import PROPERTIES, Counter, code_in, create, role_in
from miztiik_events.analytics import snapshots
from shared_aws import TestAws
from waiting import until

pytestmark = pytest.mark.aws
NAME = "snapshots-taken"


@pytest.fixture
def counter(local_aws: TestAws) -> Iterator[Counter]:
    counter = create(local_aws, NAME, role_in(local_aws), code_in(local_aws), PROPERTIES)
    counter.start()
    assert counter.status == "RUNNING", counter.messages()[-3:]
    yield counter
    if counter.status != "READY":
        counter.flink.stop_application(ApplicationName=NAME, Force=True)
        until(lambda: counter.status == "READY")


def test_what_a_stop_took_is_told_from_what_a_person_had_taken(counter: Counter) -> None:
    def found() -> list[snapshots.Snapshot]:
        return snapshots.of_application(counter.flink, NAME)

    counter.flink.create_application_snapshot(ApplicationName=NAME, SnapshotName="by-hand")
    until(lambda: [one.status for one in found()] == ["READY"])
    # The times of snapshots are whole seconds here.
    by_hand = found()[0].taken.timestamp()
    until(lambda: time.time() >= by_hand + 1)
    counter.flink.stop_application(ApplicationName=NAME)
    until(lambda: counter.status == "READY")
    (ours,) = snapshots.taken_by_itself(counter.flink, NAME, found())
    assert ours.name != "by-hand"
    assert ours.status == "READY"
    counter.flink.delete_application_snapshot(
        ApplicationName=NAME, SnapshotName=ours.name, SnapshotCreationTimestamp=ours.taken
    )
    assert [one.name for one in found()] == ["by-hand"]
