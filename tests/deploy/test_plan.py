"""The plan of stacks that are new, that change, and of what cannot be known yet.

On the AWS of the tests: tests/commands/test_deploy_plan.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from miztiik_events.cloudformation.changes import PropertyChange, ResourceChange
from miztiik_events.cloudformation.stacks import PROJECT_TAG, TEMPLATE_TAG, Stack
from miztiik_events.deploy import plan, project
from miztiik_events.deploy.plan import Plan
from miztiik_events.deploy.project import HIDDEN, Project, Settings, Sources
from miztiik_events.errors import StackError, StuckError
from miztiik_events.pipeline import costs
from small_projects import empty_project
from stubs import Answer, Refusal, session_of, stubbed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
BUCKET = """\
Parameters: {ShardCount: {Type: Number, Default: 2}}
Conditions: {IsLogged: !Equals [1, 1]}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Log:
    Type: AWS::Logs::LogGroup
    Condition: IsLogged
Outputs: {BucketName: {Value: !Ref Bucket}}
"""
READER = """\
Parameters:
  BucketName: {Type: String}
  Secret: {Type: String, NoEcho: true, Default: none}
Resources: {Queue: {Type: AWS::SQS::Queue}}
"""
EXPORTING = """\
Resources: {Queue: {Type: AWS::SQS::Queue}}
Outputs: {Queue: {Value: !Ref Queue, Export: {Name: shared-queue}}}
"""
IMPORTING = """\
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !ImportValue shared-queue}
"""
WHO = Answer("get_caller_identity", {"Account": "111122223333"})


@pytest.fixture
def new(tmp_path: Path) -> Project:
    """A bucket, and one stack that takes its name; there is none yet."""
    sources = empty_project(tmp_path)
    sources.template("bucket", BUCKET)
    sources.template("reader", READER)
    settings = Settings({"Secret": "swordfish"})
    draft = project.draft("p", settings, Sources(sources.templates, sources.functions))
    return Project("p", draft.steps, draft.bundles, {}, draft.settings)


def live(name: str, parameters: dict[str, str], outputs: dict[str, str]) -> Stack:
    tags = {PROJECT_TAG: "p", TEMPLATE_TAG: name}
    return Stack(f"p-{name}", name, "CREATE_COMPLETE", "", parameters, outputs, tags, NOW)


def planned(project: Project, *answers: Any) -> Plan:
    with stubbed("cloudformation", *answers) as cloudformation, stubbed("sts", WHO) as sts:
        clients = {"cloudformation": cloudformation, "sts": sts}
        return plan.plan(session_of(**clients), project)


def test_new_stacks_are_read_from_their_templates_without_a_call(new: Project) -> None:
    bucket, reader = planned(new).stacks
    assert (bucket.fate, reader.fate) == ("create", "create")
    assert bucket.resources == (
        ResourceChange("create", "Bucket", "AWS::S3::Bucket"),
        ResourceChange("create", "Log", "AWS::Logs::LogGroup", note="if IsLogged"),
    )


def test_the_cost_is_that_of_the_shards_and_their_subtasks(new: Project) -> None:
    assert planned(new).cost == costs.hourly(2, 2, costs.PARALLELISM_PER_KPU, "eu-west-1")


def test_a_stack_that_needs_an_output_of_a_new_one_is_not_asked_about(new: Project) -> None:
    stack = live("reader", {"BucketName": "b", "Secret": HIDDEN}, {})
    reader = planned(replace(new, live={stack.name: stack})).stacks[1]
    (note,) = reader.notes
    assert (reader.fate, note) == (
        "update",
        "not known yet: it takes BucketName from a stack that is new or changes",
    )


@pytest.mark.parametrize(
    ("status", "note"),
    [
        ("UPDATE_IN_PROGRESS", "it is UPDATE_IN_PROGRESS: what would change"),
        ("UPDATE_ROLLBACK_FAILED", "it is UPDATE_ROLLBACK_FAILED, so it is rolled back first"),
    ],
)
def test_what_comes_after_what_has_to_end_first_is_not_asked_for(
    new: Project, status: str, note: str
) -> None:
    stack = replace(live("bucket", {"ShardCount": "2"}, {"BucketName": "b"}), status=status)
    recovering = replace(new, live={stack.name: stack}, settings=Settings(recovers=True))
    bucket = planned(recovering).stacks[0]
    assert (bucket.fate, bucket.is_known) == ("update", False)
    assert bucket.notes[0].startswith(note)


def test_a_stack_that_no_deploy_gets_out_of_its_state_has_no_plan(new: Project) -> None:
    status = "UPDATE_ROLLBACK_FAILED"
    stack = replace(live("bucket", {"ShardCount": "2"}, {"BucketName": "b"}), status=status)
    listed = Answer("list_stack_resources", {"StackResourceSummaries": []})
    with pytest.raises(StuckError, match="--recover"):
        planned(replace(new, live={stack.name: stack}), listed)


def test_a_change_in_tags_alone_is_told_where_no_resource_takes_them(new: Project) -> None:
    stack = live("bucket", {"ShardCount": "2"}, {"BucketName": "b"})
    tagged = replace(new, live={stack.name: stack}, settings=Settings(tags={"team": "a"}))
    bucket = planned(
        replace(tagged, steps=tagged.steps[:1]),
        Answer("create_change_set", {"Id": "arn:change-set", "StackId": "bucket"}),
        Answer("describe_change_set", {"Status": "CREATE_COMPLETE"}),
        Answer("describe_change_set", {"Changes": []}),
        Answer("delete_change_set", {}, {"ChangeSetName": "arn:change-set"}),
    ).stacks[0]
    assert (bucket.fate, bucket.notes) == ("update", ("tag team: (none) → a",))


def test_what_is_not_known_may_take_something(new: Project) -> None:
    assert not planned(new).takes_something
    stack = live("reader", {"BucketName": "b", "Secret": HIDDEN}, {})
    assert planned(replace(new, live={stack.name: stack})).takes_something


def test_a_stack_that_imports_what_is_to_come_is_not_asked_about(tmp_path: Path) -> None:
    sources = empty_project(tmp_path)
    sources.template("bucket", EXPORTING)
    sources.template("reader", IMPORTING)
    draft = project.draft("p", None, Sources(sources.templates, sources.functions))
    stack = live("reader", {}, {})
    beside = Project("p", draft.steps, {}, {stack.name: stack}, draft.settings)
    assert not planned(beside).stacks[1].is_known


def test_a_stack_that_somebody_else_changes_cannot_be_planned(new: Project) -> None:
    stack = live("bucket", {"ShardCount": "3"}, {"BucketName": "b"})
    text = "Stack:p-bucket is in UPDATE_IN_PROGRESS state and can not be updated."
    refusal = Refusal("create_change_set", "ValidationError", text)
    get = Answer("get_template", {"TemplateBody": READER})
    gone = Refusal("describe_stacks", "ValidationError", "Stack with id p-bucket does not exist")
    with pytest.raises(StackError, match="somebody else is changing it at the same time"):
        planned(replace(new, live={stack.name: stack}), get, refusal, gone)


def test_a_change_is_asked_for_and_taken_back_and_a_secret_stays_one(new: Project) -> None:
    stacks = (
        live("bucket", {"ShardCount": "2"}, {"BucketName": "b"}),
        live("reader", {"BucketName": "b", "Secret": HIDDEN}, {}),
    )
    change = {"Action": "Modify", "LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue"}
    _, reader = planned(
        replace(new, live={stack.name: stack for stack in stacks}),
        Answer("get_template", {"TemplateBody": BUCKET}),
        Answer("create_change_set", {"Id": "arn:change-set", "StackId": "reader"}),
        Answer("describe_change_set", {"Status": "CREATE_COMPLETE"}),
        Answer("describe_change_set", {"Changes": [{"ResourceChange": change}]}),
        Answer("delete_change_set", {}, {"ChangeSetName": "arn:change-set"}),
    ).stacks
    assert reader.resources == (ResourceChange("update", "Queue", "AWS::SQS::Queue"),)
    assert reader.parameters == (PropertyChange("Secret", HIDDEN, HIDDEN),)
