from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from miztiik_events.cloudformation import stacks, template_folder
from miztiik_events.errors import NotDeployedError
from stubs import Answer, Refusal, stubbed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
QUEUE = """
Parameters: {Size: {Type: Number, Default: 30}}
Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: !Ref Size}}}
Outputs: {%s: {Value: !GetAtt Queue.QueueName}}
"""


def described(name: str, status: str) -> Answer:
    stack = {"StackName": name, "StackStatus": status, "CreationTime": NOW}
    return Answer("describe_stacks", {"Stacks": [stack]})


def test_a_stack_that_does_not_exist_is_none() -> None:
    refusal = Refusal("describe_stacks", "ValidationError", "Stack with id a does not exist")
    with stubbed("cloudformation", refusal) as cloudformation:
        assert stacks.describe(cloudformation, "a") is None


def test_a_deleted_stack_is_none() -> None:
    with stubbed("cloudformation", described("a", "DELETE_COMPLETE")) as cloudformation:
        assert stacks.describe(cloudformation, "a") is None


def test_another_refusal_is_not_taken_for_a_missing_stack() -> None:
    refusal = Refusal("describe_stacks", "AccessDenied", "not authorized")
    with stubbed("cloudformation", refusal) as cloudformation, pytest.raises(ClientError):
        stacks.describe(cloudformation, "a")


@pytest.mark.parametrize(
    ("status", "busy", "failed", "shell"),
    [
        ("CREATE_COMPLETE", False, False, False),
        ("UPDATE_ROLLBACK_COMPLETE", False, False, False),
        ("UPDATE_IN_PROGRESS", True, False, False),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", True, False, False),
        ("REVIEW_IN_PROGRESS", False, False, True),
        ("ROLLBACK_COMPLETE", False, True, False),
        ("UPDATE_ROLLBACK_FAILED", False, True, False),
        ("DELETE_FAILED", False, True, False),
    ],
)
def test_a_status_says_what_can_be_done(status: str, busy: bool, failed: bool, shell: bool) -> None:
    with stubbed("cloudformation", described("a", status)) as cloudformation:
        stack = stacks.describe(cloudformation, "a")
    assert stack
    assert (stack.is_busy, stack.has_failed, stack.is_shell) == (busy, failed, shell)


@pytest.mark.parametrize(
    ("values", "hours"), [([], 24), (["24"], 24), (["48", "168"], 168), (["a week"], 24)]
)
def test_the_stream_keeps_events_as_long_as_its_stack_says(values: list[str], hours: int) -> None:
    parameters = [{"ParameterKey": "StreamRetentionHours", "ParameterValue": v} for v in values]
    described = [
        {
            "StackName": str(number),
            "StackStatus": "CREATE_COMPLETE",
            "CreationTime": NOW,
            "Parameters": [parameter],
        }
        for number, parameter in enumerate(parameters)
    ]
    with stubbed("cloudformation", Answer("describe_stacks", {"Stacks": described})) as client:
        deployed = stacks.every_live(client)
    assert stacks.retention(deployed) == timedelta(hours=hours)


def test_a_projects_outputs_are_those_of_its_live_stacks(local_aws: Any) -> None:
    cloudformation = local_aws.client("cloudformation")
    for name, output in (("outputs-stream", "Stream"), ("outputs-producer", "Producer")):
        cloudformation.create_stack(StackName=name, TemplateBody=QUEUE % output)
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1}
        )
    cloudformation.create_stack(StackName="outputs-other", TemplateBody=QUEUE % "Other")
    outputs = stacks.project_outputs(cloudformation, "outputs")
    assert sorted(outputs) == ["Producer", "Stream"]
    assert stacks.require(outputs, "Stream", "outputs") == outputs["Stream"]


def test_the_outputs_of_a_project_that_is_not_there_are_none(local_aws: Any) -> None:
    assert stacks.project_outputs(local_aws.client("cloudformation"), "nowhere") == {}


@pytest.mark.parametrize(
    "name",
    [
        *(stacks.ANALYTICS, stacks.ARTIFACTS, stacks.DATA_STORE, stacks.DELIVERY_STREAM),
        *(stacks.EVENT_BUS, stacks.HEARTBEAT, stacks.PRODUCER, stacks.RECOMPUTATION),
        *(stacks.REJECTED_EVENTS, stacks.SALES_STREAM, stacks.SHARDS),
    ],
)
def test_an_output_that_the_program_relies_on_is_one_of_the_templates(name: str) -> None:
    assert name in {output for one in template_folder.load_all() for output in one.outputs}


def test_a_missing_output_says_what_to_run() -> None:
    with pytest.raises(NotDeployedError, match="miztiik-events deploy --project mine"):
        stacks.require({}, "SalesStreamName", "mine")


def stack(
    name: str,
    tags: dict[str, str] | None = None,
    outputs: dict[str, str] | None = None,
    updated: datetime = NOW,
) -> stacks.Stack:
    return stacks.Stack(name, name, "CREATE_COMPLETE", "", {}, outputs or {}, tags or {}, updated)


def test_one_call_a_page_finds_a_projects_stacks_whatever_their_names_are() -> None:
    def page(*names: str, more: str = "") -> Answer:
        tags = [{"Key": stacks.PROJECT_TAG, "Value": "sales"}]
        shown = {"StackStatus": "CREATE_COMPLETE", "CreationTime": NOW, "Tags": tags}
        response: dict[str, Any] = {"Stacks": [{"StackName": name, **shown} for name in names]}
        return Answer("describe_stacks", {**response, **({"NextToken": more} if more else {})})

    answers = (page("sales-shop", more="x"), page("sales-till"))
    with stubbed("cloudformation", *answers) as cloudformation:
        assert list(stacks.of_project(cloudformation, "sales")) == ["sales-shop", "sales-till"]


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_stacks_with_the_same_output_the_newer_one_counts(order: int) -> None:
    renamed = stack("sales-producer", outputs={"Producer": "old", "Queue": "q"})
    newer = stack("sales-makers", outputs={"Producer": "new"}, updated=NOW + timedelta(1))
    both = [renamed, newer][::order]
    assert stacks.outputs_of(both) == {"Producer": "new", "Queue": "q"}
    assert stacks.with_output(both, "Producer", "sales") == newer
    assert stacks.with_output(both, "Queue", "sales") == renamed


def test_without_a_stack_that_has_the_output_it_is_said_what_to_run() -> None:
    with pytest.raises(NotDeployedError, match="miztiik-events deploy --project mine"):
        stacks.with_output([stack("mine-stream")], "SalesStreamName", "mine")


def test_a_stack_belongs_to_a_project_by_its_tag_or_its_name() -> None:
    everything = [
        stack("sales-stream", {}),
        stack("sales-retired-template", {stacks.PROJECT_TAG: "sales"}),
        stack("sales-eu-stream", {stacks.PROJECT_TAG: "sales-eu"}),
        stack("sales-report", {}),
    ]
    ours = stacks.belonging(everything, "sales")
    assert list(ours) == ["sales-stream", "sales-retired-template"]


def test_a_template_in_json_is_read_as_text_that_yaml_can_read() -> None:
    body = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
    answer = Answer(
        *("get_template", {"TemplateBody": body}),
        {"StackName": "a", "TemplateStage": "Processed"},
    )
    with stubbed("cloudformation", answer) as cloudformation:
        assert json.loads(stacks.body(cloudformation, "a", "Processed")) == json.loads(body)
