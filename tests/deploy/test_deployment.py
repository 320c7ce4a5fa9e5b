"""What a deploy does with stacks that are as they should be, and when one of them fails.

With changes, on the AWS of the tests: tests/commands/test_deploy.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from application_detail import DETAIL
from miztiik_events.analytics import application
from miztiik_events.cloudformation.progress import StackDone
from miztiik_events.cloudformation.stacks import PROJECT_TAG, TEMPLATE_TAG, Stack
from miztiik_events.deploy import deployment, project
from miztiik_events.deploy.project import Project, Sources
from miztiik_events.errors import StackError
from small_projects import empty_project
from stack_answers import Told
from stubs import Answer, Refusal, session_of, stubbed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
BUCKET = """\
Resources: {Bucket: {Type: AWS::S3::Bucket}}
Outputs: {BucketName: {Value: !Ref Bucket}}
"""
READER = "Parameters: {BucketName: {Type: String}}\nResources: {Queue: {Type: AWS::SQS::Queue}}\n"


@pytest.fixture
def deployed(tmp_path: Path) -> Project:
    """A bucket, and one stack that takes its name; both as they should be."""
    sources = empty_project(tmp_path)
    sources.template("bucket", BUCKET)
    sources.template("reader", READER)
    draft = project.draft("p", sources=Sources(sources.templates, sources.functions))

    def live(name: str, parameters: dict[str, str], outputs: dict[str, str]) -> Stack:
        tags = {PROJECT_TAG: "p", TEMPLATE_TAG: name}
        status = "CREATE_COMPLETE"
        return Stack(f"p-{name}", name, status, "", parameters, outputs, tags, NOW)

    both = (
        live("bucket", {}, {"BucketName": "b"}),
        live("reader", {"BucketName": "b"}, {"Url": "q"}),
    )
    stacks = {stack.name: stack for stack in both}
    return Project("p", draft.steps, draft.bundles, stacks, draft.settings)


def deploy(deployed: Project, told: Told, *answers: Any) -> dict[str, str]:
    with stubbed("cloudformation", *answers) as client:
        return deployment.deploy(session_of(cloudformation=client), deployed, told)


def test_stacks_that_are_as_they_should_be_are_only_read(deployed: Project) -> None:
    told = Told()
    bodies = [Answer("get_template", {"TemplateBody": body}) for body in (BUCKET, READER)]
    assert deploy(deployed, told, *bodies) == {"BucketName": "b", "Url": "q"}
    assert [(event.stack, event.outcome) for event in told if isinstance(event, StackDone)] == [
        ("p-bucket", "unchanged"),
        ("p-reader", "unchanged"),
    ]


def test_what_needs_a_stack_that_failed_is_skipped(deployed: Project) -> None:
    told = Told()
    with pytest.raises(ClientError, match="AccessDenied"):
        deploy(deployed, told, Refusal("get_template", "AccessDenied"))
    assert [
        (event.stack, event.outcome, event.reason) for event in told if isinstance(event, StackDone)
    ][1:] == [("p-reader", "skipped", "bucket failed")]


ERROR = StackError(
    "p-analytics", "CREATE_FAILED: it did not run", logical_id="A", type=application.TYPE
)


def test_a_failure_of_anything_but_the_application_is_told_as_it_is(deployed: Project) -> None:
    session: Any = SimpleNamespace(client=None)
    for error in (StackError("p-bucket", "denied", type="AWS::S3::Bucket"), ERROR):
        assert deployment.explained(session, deployed, error, NOW) is error


def explained(deployed: Project, message: dict[str, Any]) -> StackError:
    """The error of the application, whose log has this line."""
    arn = "arn:aws:logs:eu-west-1:000000000000:log-group:group:log-stream:stream"
    logging = [{"CloudWatchLoggingOptionId": "1", "LogStreamARN": arn}]
    detail = {**DETAIL, "CloudWatchLoggingOptionDescriptions": logging}
    stack = replace(deployed.live["p-bucket"], outputs={application.OUTPUT: "sales"})
    live = {**deployed.live, ERROR.stack: stack}
    line = {"message": json.dumps(message), "timestamp": 1}
    described = Answer("describe_application", {"ApplicationDetail": detail})
    logged = Answer("filter_log_events", {"events": [line]})
    with stubbed("kinesisanalyticsv2", described) as flink, stubbed("logs", logged) as logs:
        clients = {"kinesisanalyticsv2": flink, "logs": logs}
        session: Any = SimpleNamespace(client=clients.__getitem__)
        return deployment.explained(session, replace(deployed, live=live), ERROR, NOW)


def test_a_failure_of_the_application_is_told_with_the_cause_in_its_log(deployed: Project) -> None:
    error = explained(deployed, {"messageType": "ERROR", "message": "Table 'sales' not found"})
    assert error.reason == f"{ERROR.reason}\n  Its log says: Table 'sales' not found"
    assert error.next_step.endswith("miztiik-events logs analytics shows more")
    assert error.resource == ERROR.resource


def test_what_cloudformation_has_said_already_is_not_told_twice(deployed: Project) -> None:
    assert explained(deployed, {"messageType": "ERROR", "message": "it did not run"}) is ERROR
