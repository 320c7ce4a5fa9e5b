"""What a stack should be, out of the wiring, what a person gave, and what is live."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from miztiik_events.cloudformation.stacks import PROJECT_TAG, TEMPLATE_TAG, Stack
from miztiik_events.deploy import project
from miztiik_events.deploy.project import HIDDEN, Project, Settings, Sources
from miztiik_events.errors import TemplateError
from small_projects import queue_project
from stubs import Answer, stubbed

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
OUTPUTS = {"artifacts": {"ArtifactBucket": "bucket"}, "queue": {"QueueArn": "arn"}}


def live(name: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> Stack:
    return Stack(name, f"{name}-id", "CREATE_COMPLETE", "", parameters, {}, tags, NOW)


@pytest.fixture
def new(tmp_path: Path) -> Project:
    """Three stacks, of which there is none yet."""
    sources = queue_project(tmp_path)
    draft = project.draft("p", Settings(), Sources(sources.templates, sources.functions))
    return Project("p", draft.steps, draft.bundles, {}, draft.settings)


def beside(new: Project, *stacks: Stack) -> Project:
    return replace(new, live={stack.name: stack for stack in stacks})


def queue(project: Project) -> Any:
    return next(step for step in project.steps if step.name == "queue")


def test_a_new_stack_gets_outputs_and_code_and_leaves_the_rest_to_its_defaults(
    new: Project,
) -> None:
    desired = new.desired(queue(new), OUTPUTS)
    assert desired.stack == "p-queue"
    assert desired.parameters == {"ArtifactBucket": "bucket", "OneCode": new.bundles["one"].key}
    assert desired.kept == frozenset()
    assert desired.tags == {PROJECT_TAG: "p", TEMPLATE_TAG: "queue"}


def test_what_a_person_gave_in_an_earlier_deploy_stays(new: Project) -> None:
    given = {"ArtifactBucket": "bucket", "OneCode": "old.zip", "Patience": "45"}
    before = beside(new, live("p-queue", given, {"team": "red", PROJECT_TAG: "other"}))
    desired = before.desired(queue(before), OUTPUTS)
    assert desired.kept == {"Patience"}
    assert desired.tags == {"team": "red", PROJECT_TAG: "p", TEMPLATE_TAG: "queue"}


def test_a_new_stack_takes_the_value_that_a_parameter_has_in_another(new: Project) -> None:
    alarm = next(step for step in new.steps if step.name == "alarm")
    sources = {**alarm.sources, "Patience": queue(new).sources["Patience"]}
    parameters = {**alarm.template.parameters, **queue(new).template.parameters}
    taking = replace(
        alarm, sources=sources, template=replace(alarm.template, parameters=parameters)
    )
    steps = (*(step for step in new.steps if step.name != "alarm"), taking)
    for value, taken in (("45", "45"), (HIDDEN, None)):
        before = replace(
            beside(new, live("p-queue", {"Patience": value}, {})),
            steps=steps,
        )
        assert before.desired(taking, OUTPUTS).parameters.get("Patience") == taken


def test_what_a_stack_without_a_template_gave_is_not_kept_where_there_is_a_default(
    new: Project,
) -> None:
    tags = {PROJECT_TAG: "p"}
    gone = replace(live("p-old", {}, tags), outputs={"Patience": "77"})
    for given, kept in (("77", False), ("45", True)):
        present = beside(new, live("p-queue", {"Patience": given}, tags))
        desired = replace(present, gone={gone.name: gone}).desired(queue(present), OUTPUTS)
        assert ("Patience" in desired.kept) is kept
        default = queue(present).template.parameters["Patience"].default
        assert desired.parameters.get("Patience") == (None if kept else default)


def test_a_new_stack_has_its_own_default_and_not_that_of_another(new: Project) -> None:
    alarm, other = (step for step in new.steps if step.name != "artifacts")
    if alarm.name != "alarm":
        alarm, other = other, alarm
    declared = replace(other.template.parameters["Patience"], default="90")
    parameters = {**alarm.template.parameters, "Patience": declared}
    taking = replace(
        alarm,
        sources={**alarm.sources, "Patience": other.sources["Patience"]},
        template=replace(alarm.template, parameters=parameters),
    )
    default = other.template.parameters["Patience"].default
    assert default is not None
    for value, taken in ((default, None), ("45", "45")):
        before = live("p-queue", {"Patience": value}, {PROJECT_TAG: "p"})
        project = replace(beside(new, before), steps=(other, taking))
        assert project.desired(taking, OUTPUTS).parameters.get("Patience") == taken


def test_code_is_new_unless_the_live_stack_has_its_key(new: Project) -> None:
    key = new.bundles["one"].key
    assert list(new.new_code) == ["one"]
    assert list(beside(new, live("p-queue", {"OneCode": "old.zip"}, {})).new_code) == ["one"]
    assert list(beside(new, live("p-queue", {"OneCode": key}, {})).new_code) == []


def test_a_parameters_value_is_told_where_no_stack_gives_it(new: Project) -> None:
    assert new.parameter("Patience") == "30"
    assert beside(new, live("p-queue", {"Patience": "45"}, {})).parameter("Patience") == "45"
    assert new.parameter("QueueArn") is None


def test_stacks_are_found_by_name_whoever_they_belong_to_in_one_call(tmp_path: Path) -> None:
    sources = queue_project(tmp_path)
    draft = project.draft("p", Settings(), Sources(sources.templates, sources.functions))

    def described(name: str, owner: str) -> dict[str, Any]:
        tags = [{"Key": PROJECT_TAG, "Value": owner}]
        status = {"StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
        return {"StackName": name, "Tags": tags, **status}

    stacks = [described("p-queue", "other"), described("p-retired", "p")]
    with stubbed("cloudformation", Answer("describe_stacks", {"Stacks": stacks})) as client:
        session: Any = SimpleNamespace(client=lambda service: client)
        assert list(draft.beside(session).live) == ["p-queue"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "Resources: {Q: {Type: X, DependsOn: R}}",
            "one.yaml:1: unresolved: ",
        ),
        (
            "Resources: {Q: {Type: X}}\nParameters: {P: {Type: Number, Default: 0, MinValue: 1}}",
            "one.yaml:2: the default of P: '0': must be at least 1",
        ),
    ],
)
def test_a_new_stack_that_cloudformation_would_refuse_is_told_before_it_is_planned(
    tmp_path: Path, body: str, message: str
) -> None:
    (tmp_path / "one.yaml").write_text(body)
    draft = project.draft("p", Settings(), Sources(tmp_path, tmp_path))
    with pytest.raises(TemplateError, match=re.escape(message)):
        draft.among([]).refuse_unsound()
    # What a stack has, CloudFormation has taken.
    draft.among([live("p-one", {"P": "1"}, {})]).refuse_unsound()
    given = Settings(overrides={"P": "1"}) if "Parameters" in body else None
    if given:
        project.draft("p", given, Sources(tmp_path, tmp_path)).among([]).refuse_unsound()
