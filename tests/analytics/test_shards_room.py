"""A start after the stream got other shards: refused when sales would be overtaken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from audited_project import SHARDS, AuditedProject, audited_project
from miztiik_events.analytics import shards
from miztiik_events.errors import UnhealthyError
from miztiik_events.pipeline import records
from stubs import Answer, stubbed
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture(scope="module")
def project(local_aws: TestAws) -> Iterator[AuditedProject]:
    """Its application has never run, and its stream has got twice the shards."""
    with audited_project(local_aws) as project:
        project.send([b"{}"] * 10)
        project.reshard(2 * SHARDS)
        yield project


def operations(project: AuditedProject) -> list[str]:
    name = project.outputs["AnalyticsApplicationName"]
    answer = project.aws.client("kinesisanalyticsv2").list_application_operations(
        ApplicationName=name
    )
    return [one["Operation"] for one in answer["ApplicationOperationInfoList"]]


def test_the_start_is_refused_and_the_way_out_is_named(project: AuditedProject) -> None:
    done = project.run("start-analytics")
    assert done.returncode == 4
    assert "6 shards to read, 2 of them closed" in done.stderr
    assert "shardId-000000000000 and shardId-000000000002" in done.stderr
    assert "miztiik-events deploy -p Parallelism=6" in done.stderr
    assert "--force" in done.stderr
    assert operations(project) == []


def test_that_nothing_is_waited_for_makes_no_difference(project: AuditedProject) -> None:
    assert project.run("start-analytics", "--no-wait").returncode == 4
    assert project.run("start-analytics", "--from=none").returncode == 4
    assert operations(project) == []


def test_status_names_both_numbers_and_the_next_step(project: AuditedProject) -> None:
    done = project.run("status", "--output=table")
    assert done.returncode == 4
    text = "the stream has 4 open shards and the analytics application a parallelism of 2"
    assert text in done.stdout
    assert text in done.stderr
    assert "Next: " in done.stderr


def test_shards_closed_before_the_snapshot_are_not_read_again(project: AuditedProject) -> None:
    kinesis, name = project.aws.client("kinesis"), project.outputs["SalesStreamName"]
    second = int(time.time()) + 1
    until(lambda: time.time() >= second, "the next second")
    moment = datetime.fromtimestamp(second, timezone.utc)
    assert all(shard.is_open for shard in records.shards(kinesis, name, moment))
    assert not all(shard.is_open for shard in records.shards(kinesis, name))


def test_the_shards_since_a_time_are_asked_for_as_the_api_has_it() -> None:
    moment = datetime(2026, 11, 24, tzinfo=timezone.utc)
    wanted = {"Type": "FROM_TIMESTAMP", "Timestamp": moment}
    expected = {"StreamName": "sales", "ShardFilter": wanted}
    with stubbed("kinesis", Answer("list_shards", {"Shards": []}, expected)) as kinesis:
        assert records.shards(kinesis, "sales", moment) == []


def test_by_force_it_is_started(project: AuditedProject) -> None:
    project.run("start-analytics", "--force", "--no-wait")
    assert operations(project) == ["StartApplication"]


def test_to_read_again_from_before_a_change_takes_more_subtasks(project: AuditedProject) -> None:
    kinesis, name = project.aws.client("kinesis"), project.outputs["SalesStreamName"]
    before = datetime.now(timezone.utc) - timedelta(hours=1)
    assert shards.extra_parallelism(kinesis, name, before, 2 * SHARDS) == 6
    afterwards = datetime.now(timezone.utc) + timedelta(seconds=1)
    assert shards.extra_parallelism(kinesis, name, afterwards, 2 * SHARDS) == 0


def test_to_read_again_from_before_a_change_that_was_undone_is_refused(
    project: AuditedProject,
) -> None:
    project.reshard(SHARDS)
    kinesis, name = project.aws.client("kinesis"), project.outputs["SalesStreamName"]
    before = datetime.now(timezone.utc) - timedelta(hours=1)
    with pytest.raises(UnhealthyError, match="--from with a time after the last"):
        shards.extra_parallelism(kinesis, name, before, SHARDS)


@pytest.mark.parametrize("has_sales", [False, True])
def test_closed_shards_with_nothing_but_heartbeats_hold_up_no_start(
    local_aws: TestAws, has_sales: bool
) -> None:
    with audited_project(local_aws) as merged:
        merged.beat()
        merged.send([b"{}"] * 10 if has_sales else [])
        merged.reshard(1)
        assert merged.run("start-analytics", "--no-wait").returncode == (4 if has_sales else 0)
        assert operations(merged) == ([] if has_sales else ["StartApplication"])
