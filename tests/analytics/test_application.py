"""The application as it is described: parallelism, properties, log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from application_detail import DETAIL
from miztiik_events import session
from miztiik_events.analytics import application, log
from miztiik_events.analytics.application import Application
from miztiik_events.errors import ApplicationError
from miztiik_events.pipeline.windowing import Windowing
from stubs import Answer, stubbed

LOCATION = {"BucketARN": "arn:aws:s3:::artifacts", "FileKey": "code.zip"}


def described(**changes: Any) -> Application:
    answer = Answer("describe_application", {"ApplicationDetail": {**DETAIL, **changes}})
    with stubbed("kinesisanalyticsv2", answer) as flink:
        return application.describe(flink, "sales")


def parallel(parallelism: int, per_kpu: int) -> dict[str, Any]:
    settings = {"Parallelism": parallelism, "ParallelismPerKPU": per_kpu}
    flink = {"ParallelismConfigurationDescription": settings}
    return {"FlinkApplicationConfigurationDescription": flink}


def test_properties_parallelism_and_log_come_from_the_description() -> None:
    groups = [{"PropertyGroupId": "windows", "PropertyMap": {"length.seconds": "60"}}]
    found = described(
        ApplicationConfigurationDescription={
            **parallel(4, 1),
            "ApplicationCodeConfigurationDescription": {
                "CodeContentType": "ZIPFILE",
                "CodeContentDescription": {"S3ApplicationCodeLocationDescription": LOCATION},
            },
            "EnvironmentPropertyDescriptions": {"PropertyGroupDescriptions": groups},
        },
        CloudWatchLoggingOptionDescriptions=[
            {"LogStreamARN": "arn:aws:logs:eu-west-1:0:log-group:/sales/x:log-stream:flink"}
        ],
    )
    assert (found.status, found.version, found.parallelism) == ("READY", 3, 4)
    assert found.code == "code.zip"
    assert found.value("windows", "length.seconds") == "60"
    assert found.log_stream == log.LogStream("/sales/x", "flink")


def test_an_application_that_just_was_made_needs_no_configuration() -> None:
    assert described().parallelism == 1


def test_an_aws_on_this_machine_is_known_by_its_address() -> None:
    with stubbed("kinesisanalyticsv2") as flink:
        assert session.is_local(flink)


def test_the_windows_are_those_of_the_deployed_application() -> None:
    deployed = Application(
        "name",
        "RUNNING",
        1,
        "analytics/code.zip",
        2,
        1,
        {"windows": {"length.seconds": "60", "allowed.lateness.seconds": "2.5"}},
        None,
    )
    assert deployed.windowing == Windowing(60_000, 2_500)
    with pytest.raises(
        ApplicationError, match=r"no property 'length.seconds' in a group 'windows'"
    ):
        _ = replace(deployed, properties={}).windowing
