from __future__ import annotations

from typing import Any

from miztiik_events.destroy import log_groups


def test_only_groups_of_our_own_stacks_are_found(local_aws: Any) -> None:
    logs = local_aws.client("logs")
    ours = [
        "sales-stream-LogGroup-1",
        "/aws/lambda/sales-producer-ProducerFunction-1",
        "/aws/kinesisfirehose/sales-firehose-Delivery-1",
    ]
    others = [
        "/aws/lambda/sales-eu-stream-Heartbeat-1",  # the project sales-eu
        "/aws/lambda/sales-stream-eu-x-1",  # a stack sales-stream-eu
        "sales-report",  # nobody's
        "mysales-stream-x",
    ]
    for name in (*ours, *others):
        logs.create_log_group(logGroupName=name)
    found = log_groups.of_stacks(
        logs,
        log_groups.listed(logs, "sales"),
        {"sales-stream", "sales-producer", "sales-firehose"},
        {"sales-eu-stream", "sales-stream-eu"},
    )
    assert sorted(found) == sorted(ours)
    for name in (*ours, *others):
        assert log_groups.delete(logs, name)


def test_a_group_that_is_gone_already_is_no_failure(local_aws: Any) -> None:
    assert log_groups.delete(local_aws.client("logs"), "never-was") is False


def test_a_group_that_cloudformation_made_is_left_to_it(local_aws: Any) -> None:
    logs = local_aws.client("logs")
    logs.create_log_group(logGroupName="kept-stream-Log")
    logs.create_log_group(
        logGroupName="kept-stream-Retained", tags={"aws:cloudformation:stack-name": "kept-stream"}
    )
    groups = log_groups.listed(logs, "kept")
    assert log_groups.of_stacks(logs, groups, {"kept-stream"}, ()) == ["kept-stream-Log"]
    held = {"kept-stream-Log"}
    assert log_groups.of_stacks(logs, groups, {"kept-stream"}, (), held) == []
