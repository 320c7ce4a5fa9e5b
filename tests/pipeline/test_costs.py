"""What the system costs by the hour."""

from __future__ import annotations

from decimal import Decimal

import pytest

from miztiik_events.cloudformation import template_folder
from miztiik_events.pipeline import costs
from template_trees import TREES


@pytest.mark.parametrize(
    ("parallelism", "per_kpu", "dollars"), [(1, 1, "0.22"), (2, 1, "0.33"), (5, 2, "0.44")]
)
def test_the_application_costs_its_kpus_and_one_more(
    parallelism: int, per_kpu: int, dollars: str
) -> None:
    assert costs.hourly(1, parallelism, per_kpu, "us-east-1").analytics == Decimal(dollars)


def test_a_stopped_system_costs_its_shards_and_alarms() -> None:
    cost = costs.hourly(4, 4, 4, "us-east-1", alarm_metrics=73)
    assert cost.stopped == Decimal("0.07")
    assert cost.running == Decimal("0.29")


def test_the_alarms_are_those_of_the_templates() -> None:
    alarms = [
        alarm["Properties"]
        for tree in TREES
        for alarm in tree.resources("AWS::CloudWatch::Alarm").values()
        # One with another condition is there for those who ask for it.
        if alarm.get("Condition", "HasLake") == "HasLake"
    ]
    assert len(alarms) == costs.ALARMS
    metrics = [sum("MetricStat" in one for one in alarm.get("Metrics", [])) for alarm in alarms]
    assert sum(count or 1 for count in metrics) == costs.ALARM_METRICS


def test_the_parallelism_per_kpu_is_that_of_the_template() -> None:
    [analytics] = [one for one in template_folder.load_all() if one.name == "analytics"]
    assert f"ParallelismPerKPU: {costs.PARALLELISM_PER_KPU}\n" in analytics.body


def test_the_text_has_both_costs_and_the_date() -> None:
    assert str(costs.hourly(1, 1, 4, "us-east-1")) == (
        "about $0.238 an hour while the analytics runs, $0.018 while it is stopped, "
        f"and what events use (prices of us-east-1, {costs.AS_OF})"
    )


def test_a_region_without_prices_gets_those_of_us_east_1_and_is_told_so() -> None:
    cost = costs.hourly(1, 1, 4, "eu-north-1")
    assert not cost.region_known
    assert cost.running == costs.hourly(1, 1, 4, "us-east-1").running
    assert cost.source == f"prices of us-east-1, {costs.AS_OF}; eu-north-1 may differ"


@pytest.mark.parametrize(
    ("scanned", "dollars"),
    [
        (0, "0"),
        (1, "0.0000476837158203125"),
        (10 << 20, "0.0000476837158203125"),
        ((10 << 20) + 1, "0.00005245208740234375"),
        (1 << 40, "5"),
    ],
)
def test_a_query_is_billed_by_megabytes_ten_at_least(scanned: int, dollars: str) -> None:
    assert costs.query(scanned, "eu-west-1") == Decimal(dollars)
