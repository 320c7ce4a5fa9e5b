"""Looking at a project: what AWS refuses to show hides nothing else."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from application_detail import DETAIL
from miztiik_events.cloudformation.stacks import Stack
from miztiik_events.errors import ConfigurationError
from miztiik_events.operate import inspection
from stubs import Answer, Refusal, stubbed

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
OUTPUTS = {"AnalyticsApplicationName": "sales"}
CODE = {
    "S3ApplicationCodeLocationDescription": {"BucketARN": "arn:aws:s3:::b", "FileKey": "new.zip"}
}
CONFIGURATION = {
    "ApplicationCodeConfigurationDescription": {
        "CodeContentType": "ZIPFILE",
        "CodeContentDescription": CODE,
    }
}


def stack(status: str = "CREATE_COMPLETE", code: str = "new.zip") -> Stack:
    return Stack("p-analytics", "id", status, "", {"AnalyticsCode": code}, OUTPUTS, {}, NOW)


def refuse(code: str) -> Any:
    raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeAlarms")


def test_what_may_be_seen_is_seen() -> None:
    refused: dict[str, str] = {}
    assert inspection.allowed(lambda: 7, "alarms", refused) == 7
    assert refused == {}


def test_what_may_not_be_seen_is_told_under_its_name() -> None:
    refused: dict[str, str] = {}
    assert inspection.allowed(lambda: refuse("AccessDenied"), "alarms", refused) is None
    assert list(refused) == ["alarms"]
    assert "DescribeAlarms" in refused["alarms"]


def test_credentials_that_are_refused_are_refused_to_everything() -> None:
    with pytest.raises(ConfigurationError):
        inspection.allowed(lambda: refuse("ExpiredToken"), "alarms", {})


@pytest.mark.parametrize(
    ("deployed", "has_deployed_code"),
    [
        (stack(), True),
        (stack(code="old.zip"), False),
        (stack("UPDATE_IN_PROGRESS", "old.zip"), True),
    ],
)
def test_an_application_has_its_stacks_code_unless_that_is_being_updated(
    deployed: Stack, has_deployed_code: bool
) -> None:
    detail = {**DETAIL, "ApplicationConfigurationDescription": CONFIGURATION}
    start = {
        "Operation": "StartApplication",
        "OperationId": "1",
        "StartTime": NOW,
        "OperationStatus": "IN_PROGRESS",
    }
    answers = (
        Answer("describe_application", {"ApplicationDetail": detail}, {"ApplicationName": "sales"}),
        Answer("list_application_operations", {"ApplicationOperationInfoList": [start]}),
    )
    with stubbed("kinesisanalyticsv2", *answers) as flink:
        health = inspection.application_health(flink, deployed)
    assert (health.name, health.has_deployed_code) == ("sales", has_deployed_code)
    assert health.since == NOW


def test_an_application_that_is_gone_is_refused_with_its_reason() -> None:
    refused: dict[str, str] = {}
    gone = Refusal("describe_application", "ResourceNotFoundException", "no such application")
    with stubbed("kinesisanalyticsv2", gone) as flink:
        look = lambda: inspection.application_health(flink, stack())  # noqa: E731
        assert inspection.allowed(look, "application", refused) is None
    assert "no such application" in refused["application"]
