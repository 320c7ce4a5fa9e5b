"""Drift as CloudFormation tells it, page by page, once its detection is over."""

from __future__ import annotations

from datetime import datetime, timezone

from miztiik_events.cloudformation import drift
from miztiik_events.cloudformation.drift import Drift, PropertyDrift
from miztiik_events.cloudformation.stacks import Stack
from miztiik_events.patience import Patience
from stubs import Answer, stubbed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
STACK = Stack("s", "arn:s", "CREATE_COMPLETE", "", {}, {}, {}, NOW)
DIFFERENCE = {"PropertyPath": "/Size", "ExpectedValue": "1", "ActualValue": "2"}
RESOURCE = {"StackId": "arn:s", "ResourceType": "AWS::SQS::Queue", "Timestamp": NOW}


def status(word: str) -> Answer:
    state = {"StackId": "arn:s", "StackDriftDetectionId": "d", "Timestamp": NOW}
    return Answer(
        "describe_stack_drift_detection_status",
        {**state, "DetectionStatus": word},
        {"StackDriftDetectionId": "d"},
    )


def page(logical_id: str, word: str, more: str = "", after: str = "") -> Answer:
    resource = {**RESOURCE, "LogicalResourceId": logical_id, "StackResourceDriftStatus": word}
    if word == "MODIFIED":
        resource["PropertyDifferences"] = [{**DIFFERENCE, "DifferenceType": "NOT_EQUAL"}]
    return Answer(
        "describe_stack_resource_drifts",
        {"StackResourceDrifts": [resource], **({"NextToken": more} if more else {})},
        {
            "StackName": "arn:s",
            "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"],
            **({"NextToken": after} if after else {}),
        },
    )


def detected(*answers: Answer) -> list[Drift]:
    start = Answer("detect_stack_drift", {"StackDriftDetectionId": "d"}, {"StackName": "arn:s"})
    with stubbed("cloudformation", start, *answers) as client:
        return drift.detect(client, [STACK], Patience(60))


def test_every_page_of_what_was_changed_or_deleted_is_told_when_the_detection_is_over() -> None:
    assert detected(
        *(status("DETECTION_IN_PROGRESS"), status("DETECTION_COMPLETE")),
        *(page("Queue", "MODIFIED", more="x"), page("Topic", "DELETED", after="x")),
    ) == [
        Drift("s", "Queue", "AWS::SQS::Queue", "MODIFIED", (PropertyDrift("/Size", "1", "2"),)),
        Drift("s", "Topic", "AWS::SQS::Queue", "DELETED", ()),
    ]


def test_a_detection_that_failed_tells_what_it_could_see() -> None:
    (queue,) = detected(status("DETECTION_FAILED"), page("Queue", "DELETED"))
    assert queue.logical_id == "Queue"
