"""The soak, a short one; `make soak` is the full one (soak.py)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import faulty_aws
import soak_verdict
from miztiik_events.local import requirements
from soak_story import SHORT, Story, faulty_pipeline, tell

pytestmark = [pytest.mark.aws, pytest.mark.scenario]


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    if not requirements.has_python():
        pytest.skip(f"MiniStack and Flink need {requirements.PYTHONS}")
    with faulty_pipeline() as pipeline:
        yield tell(pipeline, SHORT)


def test_every_fault_happened(story: Story) -> None:
    assert set(faulty_aws.SHARES) == set(story.faults)
    kinds = [one.kind for one in story.interruptions]
    assert kinds == ["taskmanager", "jobmanager", "restart"]


def test_every_line_in_s3_is_what_the_oracle_says(story: Story) -> None:
    assert list(soak_verdict.revenue(story)) == []
    assert len({end for _, end in story.expected}) >= 4


def test_results_shows_a_repeated_line_once(story: Story) -> None:
    assert list(soak_verdict.results(story)) == []


def test_verify_agrees_and_knows_the_repeated_lines(story: Story) -> None:
    assert list(soak_verdict.audit(story)) == []


def test_every_sale_is_in_one_place(story: Story) -> None:
    assert list(soak_verdict.conservation(story)) == []
    assert story.audit["counts"]["duplicates"] > 0


def test_late_sales_that_a_restarted_job_finds_first_are_recorded(story: Story) -> None:
    assert list(soak_verdict.late(story)) == []


def test_each_order_was_dispatched_and_taken_from_the_stock(story: Story) -> None:
    assert list(soak_verdict.consumers(story)) == []
