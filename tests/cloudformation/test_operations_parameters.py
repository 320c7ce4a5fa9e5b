"""Other parameters for a stack that is there, on the AWS of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from live_project import LiveProject
from miztiik_events.cloudformation import stacks
from miztiik_events.cloudformation.operations import Operator
from miztiik_events.cloudformation.stacks import Stack
from miztiik_events.errors import StackError
from miztiik_events.patience import Patience
from small_projects import queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture(scope="module")
def project(local_aws: TestAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveProject]:
    found = LiveProject(local_aws, queue_project(tmp_path_factory.mktemp("sources")))
    assert found.deploy().returncode == 0
    yield found
    found.run("destroy", "--yes")


def queue(project: LiveProject) -> Stack:
    found = stacks.describe(project.aws.client("cloudformation"), f"{project.name}-queue")
    assert found
    return found


def operator(project: LiveProject) -> Operator:
    return Operator(project.aws.client("cloudformation"), Patience(60), lambda event: None)


def test_one_parameter_changes_and_all_else_stays(project: LiveProject) -> None:
    before = queue(project)
    operator(project).give(before, {"Patience": "45"})
    after = queue(project)
    assert after.parameters == {**before.parameters, "Patience": "45"}
    assert (after.status, after.tags) == ("UPDATE_COMPLETE", before.tags)


def test_values_that_it_has_already_change_nothing(project: LiveProject) -> None:
    before, count = queue(project), project.event_count("queue")
    operator(project).give(before, {"Patience": before.parameters["Patience"]})
    assert project.event_count("queue") == count


def test_a_later_deploy_keeps_the_value(project: LiveProject) -> None:
    operator(project).give(queue(project), {"Patience": "50"})
    assert project.deploy().returncode == 0
    assert queue(project).parameters["Patience"] == "50"


def test_a_stack_that_is_gone_is_named(project: LiveProject) -> None:
    gone = replace(queue(project), id="no-such-stack", name="no-such-stack")
    with pytest.raises(StackError, match="no-such-stack"):
        operator(project).give(gone, {"Patience": "45"})


def test_an_update_that_fails_is_told_with_its_cause(project: LiveProject) -> None:
    with pytest.raises(StackError, match=r"VisibilityTimeout|Queue"):
        operator(project).give(queue(project), {"Patience": "-5"})
