"""Which stacks a deploy is about: those that were named, with or without what they need."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from miztiik_events.cloudformation.stacks import PROJECT_TAG, Stack
from miztiik_events.deploy import project
from miztiik_events.deploy.project import Draft, Project, Settings, Sources
from miztiik_events.errors import NotDeployedError, UnhealthyError, UnknownStackError
from small_projects import SmallProject, queue_project

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def sources(tmp_path: Path) -> SmallProject:
    """`alarm` needs `queue`, which needs `artifacts`."""
    return queue_project(tmp_path)


def draft(sources: SmallProject, *chosen: str, is_alone: bool = False) -> Draft:
    settings = Settings(chosen=chosen, is_alone=is_alone)
    return project.draft("p", settings, Sources(sources.templates, sources.functions))


def names(drafted: Draft | Project) -> list[str]:
    return [step.name for step in drafted.steps]


def live(name: str, *, owner: str = "p", is_nested: bool = False, **outputs: str) -> Stack:
    tags = {PROJECT_TAG: owner}
    root = "another" if is_nested else ""
    return Stack(name, name, "CREATE_COMPLETE", "", {}, outputs, tags, NOW, root=root)


def test_a_stack_comes_with_what_it_needs_and_nothing_else(sources: SmallProject) -> None:
    assert names(draft(sources)) == ["artifacts", "queue", "alarm"]
    assert names(draft(sources, "queue")) == ["artifacts", "queue"]
    assert names(draft(sources, "artifacts")) == ["artifacts"]
    assert names(draft(sources, "p-alarm")) == ["artifacts", "queue", "alarm"]


def test_it_can_be_had_alone(sources: SmallProject) -> None:
    alone = draft(sources, "alarm", is_alone=True)
    assert names(alone) == ["alarm"]
    present = alone.among([live("p-queue", QueueArn="arn")])
    present.require_parents()
    assert present.live_outputs == {"queue": {"QueueArn": "arn"}}
    assert present.parents(present.steps[0]) == frozenset()


def test_alone_it_needs_its_parents_to_be_there(sources: SmallProject) -> None:
    with pytest.raises(NotDeployedError, match="p-queue, which alarm needs"):
        draft(sources, "alarm", is_alone=True).among([]).require_parents()


def test_a_name_that_is_none_gets_a_guess_and_the_names(sources: SmallProject) -> None:
    with pytest.raises(UnknownStackError) as refused:
        draft(sources, "Qeue")
    assert str(refused.value) == (
        "There is no stack Qeue. Did you mean queue? There are: alarm, artifacts, queue"
    )
    assert refused.value.exit_code == 2


def test_what_has_no_template_any_more_is_known(sources: SmallProject) -> None:
    everything = [
        live("p-report"),
        live("p-queue"),
        live("p-report-Child-1", is_nested=True),
        live("other-report", owner="other"),
    ]
    assert list(draft(sources).among(everything).gone) == ["p-report"]
    # A stack that was not chosen has a template all the same.
    assert list(draft(sources, "artifacts").among(everything).gone) == ["p-report"]


@pytest.mark.parametrize(
    ("there", "is_refused"),
    [
        # Renamed: `queue` was something else before.
        (("artifacts", "alarm", "lane"), False),
        # Of a project of one's own, which has a bucket for its code, too.
        (("artifacts", "hello"), True),
        (("hello", "world", "bye"), True),
        (("artifacts", "queue", "alarm", "old", "older", "oldest", "eldest"), False),
        ((), False),
    ],
)
def test_templates_that_the_project_did_not_come_from_are_refused(
    sources: SmallProject, there: tuple[str, ...], is_refused: bool
) -> None:
    present = draft(sources).among([live(f"p-{name}") for name in there])
    if not is_refused:
        present.refuse_foreign()
        return
    with pytest.raises(UnhealthyError, match=r"only here: .*queue"):
        present.refuse_foreign()


def test_a_stack_of_another_project_is_not_taken_over(sources: SmallProject) -> None:
    present = draft(sources).among([live("p-queue", owner="other")])
    with pytest.raises(UnhealthyError, match="p-queue belongs to project other"):
        present.refuse_foreign()
