"""A number of shards that Kinesis would refuse in the middle of a deploy."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from miztiik_events.cloudformation.stacks import PROJECT_TAG, Stack
from miztiik_events.deploy import project, resharding
from miztiik_events.deploy.project import Project, Settings, Sources
from miztiik_events.errors import TemplateError
from small_projects import empty_project
from stubs import Answer, Refusal, session_of, stubbed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
BY_PARAMETER = """\
Parameters: {Shards: {Type: Number, Default: 1}}
Resources:
  Sales:
    Type: AWS::Kinesis::Stream
    Properties:
      Name: !Sub "${AWS::StackName}-sales"
      ShardCount: !Ref Shards
"""
LITERAL = """\
Resources:
  Sales: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 1}}
"""
RESOURCES = Answer(
    "list_stack_resources",
    {
        "StackResourceSummaries": [
            {
                "LogicalResourceId": "Sales",
                "PhysicalResourceId": "the-stream",
                "ResourceType": "AWS::Kinesis::Stream",
                "LastUpdatedTimestamp": NOW,
                "ResourceStatus": "CREATE_COMPLETE",
            }
        ]
    },
)


def summary(shards: int) -> Answer:
    description = {
        "StreamName": "the-stream",
        "StreamARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/the-stream",
        "StreamStatus": "ACTIVE",
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": NOW,
        "EnhancedMonitoring": [],
        "OpenShardCount": shards,
    }
    asked = {"StreamName": "the-stream"}
    return Answer("describe_stream_summary", {"StreamDescriptionSummary": description}, asked)


def beside(
    folder: Path, body: str, live: Mapping[str, str], given: Mapping[str, str] | None = None
) -> Project:
    """The project whose one template is `body`, with its stack, which has these parameters."""
    sources = empty_project(folder)
    sources.template("stream", body)
    draft = project.draft("p", Settings(given or {}), Sources(sources.templates, sources.functions))
    tags = {PROJECT_TAG: "p"}
    return draft.among([Stack("p-stream", "id", "CREATE_COMPLETE", "", live, {}, tags, NOW)])


def refuse(present: Project, before: str, *calls: Answer | Refusal) -> None:
    """As a deploy does it, of a stack whose template is `before`; `calls` come after it is read."""
    body = Answer("get_template", {"TemplateBody": before})
    of_stack = [call for call in calls if call.operation == "list_stack_resources"]
    of_stream = [call for call in calls if call not in of_stack]
    aws = stubbed("cloudformation", body, *of_stack), stubbed("kinesis", *of_stream)
    with aws[0] as cloudformation, aws[1] as kinesis:
        clients = {"cloudformation": cloudformation, "kinesis": kinesis}
        resharding.refuse(session_of(**clients), present)


def test_each_number_on_the_way_is_one_that_kinesis_takes() -> None:
    for shards, target in itertools.product(range(1, 40), repeat=2):
        way = [shards, *resharding.steps(shards, target)]
        assert way[-1] == target
        for before, after in zip(way, way[1:]):
            assert before <= after * 2 <= before * 4
        is_taken = shards <= target * 2 <= shards * 4
        assert (len(way) <= 2) is is_taken


def test_more_than_double_is_refused_with_the_way_there(tmp_path: Path) -> None:
    present = beside(tmp_path, BY_PARAMETER, {"Shards": "1"}, {"Shards": "8"})
    with pytest.raises(TemplateError) as refused:
        refuse(present, BY_PARAMETER, RESOURCES, summary(1))
    assert str(refused.value).endswith(
        "stream.yaml:7: stack p-stream: Sales (AWS::Kinesis::Stream) has 1 open shard and would "
        "get 8. Kinesis takes at least half and at most double of them at once, here 1 to 2. "
        "Next: miztiik-events deploy --parameter-overrides Shards=2 --project p first, "
        "then the same with 4 and 8"
    )


def test_less_than_half_is_refused_and_half_of_an_odd_number_is_rounded_up(tmp_path: Path) -> None:
    present = beside(tmp_path, LITERAL, {})
    before = LITERAL.replace("1}", "5}")
    with pytest.raises(
        TemplateError,
        match=r"here 3 to 10\. Next: deploy it with 3 first, then the same with 2 and 1$",
    ):
        refuse(present, before, RESOURCES, summary(5))


def test_a_default_that_nobody_gave_is_a_number_like_another(tmp_path: Path) -> None:
    body = BY_PARAMETER.replace("Default: 1", "Default: 4")
    with pytest.raises(TemplateError, match="would get 4"):
        refuse(beside(tmp_path, body, {"Shards": "1"}), BY_PARAMETER, RESOURCES, summary(1))


def test_a_number_may_come_out_of_a_mapping(tmp_path: Path) -> None:
    body = BY_PARAMETER.replace("Shards: {Type: Number", "Stage: {Type: String").replace(
        "!Ref Shards", "!FindInMap [Sizes, !Ref Stage, Shards]"
    )
    body += "Mappings: {Sizes: {'1': {Shards: 1}, prod: {Shards: 4}}}\n"
    present = beside(tmp_path, body, {"Stage": "1"}, {"Stage": "prod"})
    with pytest.raises(TemplateError, match=r"would get 4.* Next: deploy it with 2 first, then"):
        refuse(present, body, RESOURCES, summary(1))


def test_what_the_stream_has_counts_and_not_what_the_stack_says(tmp_path: Path) -> None:
    """Somebody has split its shards by hand."""
    present = beside(tmp_path, BY_PARAMETER, {"Shards": "1"}, {"Shards": "4"})
    refuse(present, BY_PARAMETER, RESOURCES, summary(2))
    with pytest.raises(TemplateError, match="has 9 open shards and would get 4"):
        refuse(present, BY_PARAMETER, RESOURCES, summary(9))


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_where_the_shards_cannot_be_seen_it_is_left_to_kinesis(tmp_path: Path, code: str) -> None:
    present = beside(tmp_path, BY_PARAMETER, {"Shards": "1"}, {"Shards": "4"})
    refuse(present, BY_PARAMETER, RESOURCES, Refusal("describe_stream_summary", code))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            BY_PARAMETER,
            BY_PARAMETER + "      StreamModeDetails: {StreamMode: ON_DEMAND}\n",
            id="on demand",
        ),
        pytest.param(
            BY_PARAMETER + "      StreamModeDetails: {StreamMode: ON_DEMAND}\n",
            BY_PARAMETER,
            id="on demand before",
        ),
        pytest.param(BY_PARAMETER.replace("-sales", "-other"), BY_PARAMETER, id="another stream"),
        pytest.param(BY_PARAMETER.replace("Sales:", "Other:"), BY_PARAMETER, id="another id"),
        pytest.param(
            BY_PARAMETER,
            BY_PARAMETER.replace("!Ref Shards", "!If [Some, 4, 1]"),
            id="a number that is not known",
        ),
        pytest.param(
            BY_PARAMETER,
            "Transform: Ours\n" + BY_PARAMETER,
            id="a macro",
        ),
        pytest.param(BY_PARAMETER.replace("!Ref Shards", "4"), BY_PARAMETER, id="the same number"),
    ],
)
def test_what_is_not_certain_is_left_to_cloudformation(
    tmp_path: Path, before: str, after: str
) -> None:
    present = beside(tmp_path, after, {"Shards": "1"}, {"Shards": "4"})
    # Nothing else is asked.
    refuse(present, before)


def test_a_stack_that_is_new_or_under_way_is_not_asked_for(tmp_path: Path) -> None:
    present = beside(tmp_path, BY_PARAMETER, {"Shards": "1"}, {"Shards": "4"})
    stack = present.live["p-stream"]
    nobody: Any = session_of()
    for status in ("ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"):
        resharding.refuse(
            nobody, replace(present, live={stack.name: replace(stack, status=status)})
        )
    resharding.refuse(nobody, replace(present, live={}))
