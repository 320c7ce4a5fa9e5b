"""docs/scale.md says what the model says, and the model reckons with the templates as they are."""

from __future__ import annotations

import importlib
import json
import sys
from types import ModuleType

import pytest

from miztiik_events.pipeline import costs
from pages import PAGES
from repository import ROOT
from result_line import FIELDS
from template_trees import TREES

PAGE = PAGES["docs/scale.md"]
EVERY_RATE = pytest.mark.parametrize("rate", [20, 200, 1_000, 10_000, 100_000, 1_000_000])


@pytest.fixture(scope="module", name="page")
def _page() -> ModuleType:
    return _imported("scale")


@pytest.fixture(scope="module", name="model")
def _model() -> ModuleType:
    return _imported("scale_model")


def _imported(name: str) -> ModuleType:
    bench = str(ROOT / "bench")
    # Last, since bench/ and the fixtures both have a command_line.
    sys.path += [] if bench in sys.path else [bench]
    return importlib.import_module(name)


def _parameter(template: str, name: str) -> dict[str, int]:
    (found,) = [tree.parameters[name] for tree in TREES if tree.name == template]
    return {key: found[key] for key in ("Default", "MinValue", "MaxValue")}


def test_the_page_has_what_the_model_reckons(page: ModuleType) -> None:
    """When this fails: `make scale`, and read the paragraphs around what has changed."""
    assert page.filled(PAGE.text) == PAGE.text


def test_the_limits_of_the_templates_are_theirs(model: ModuleType) -> None:
    facts = model.facts
    assert _parameter("stream", "ShardCount")["MaxValue"] == facts.MOST_SHARDS
    assert _parameter("archive", "ArchiveRetentionDays")["Default"] == facts.ARCHIVE_DAYS
    for consumer in ("dispatch", "warehouse"):
        concurrency = _parameter(consumer, "ConsumerConcurrency")
        assert concurrency["Default"] == concurrency["MinValue"] == facts.LEAST_CONCURRENCY
        assert concurrency["MaxValue"] == facts.MOST_CONCURRENCY
        (tree,) = [tree for tree in TREES if tree.name == consumer]
        (function,) = tree.properties("AWS::Lambda::Function").values()
        (mapping,) = tree.properties("AWS::Lambda::EventSourceMapping").values()
        assert function["MemorySize"] / 1024 == facts.FUNCTION_GB
        assert mapping["BatchSize"] == facts.BATCH_SIZE


def test_a_line_of_the_results_has_the_fields_of_the_contract(model: ModuleType) -> None:
    assert list(json.loads(model.result_line())) == list(FIELDS)


@EVERY_RATE
def test_nothing_is_fuller_than_it_can_be(model: ModuleType, rate: int) -> None:
    """Reckoned another way round: what one shard, KPU, execution and table gets of the load."""
    design, mix = model.Design(rate), model.mix()
    shards = design.pipelines * design.shards
    assert design.sales / shards <= 800
    assert design.sales * mix.sale_bytes / shards <= 0.8 * 1024 * 1024
    assert design.shards <= 32
    assert design.shards <= design.kpus * costs.PARALLELISM_PER_KPU
    assert design.sales / design.pipelines / design.kpus <= model.facts.EVENTS_A_SECOND_PER_KPU
    assert 2 * rate * mix.warehouse / design.pipelines <= 40_000
    assert 2 * design.concurrency / design.accounts <= 994
    assert design.catch_up > 2


@EVERY_RATE
def test_a_quota_that_ends_on_the_way_is_too_small_there(model: ModuleType, rate: int) -> None:
    for quota in model.ends_on_the_way(rate):
        assert rate * quota.use > quota.limit


def test_the_cost_of_what_is_billed_by_time_is_that_of_the_program(model: ModuleType) -> None:
    design = model.Design(20)
    by_use = 20 * model.mix().sales * 3_600 / 1e6 * model.facts.PUT.dollars
    running = float(costs.hourly(1, 1, costs.PARALLELISM_PER_KPU, costs.REGION).running)
    assert design.hourly["Stream, analytics, alarms"] == pytest.approx(running + by_use)


def test_a_slower_kpu_takes_more_of_them(
    model: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model.Design(10_000).kpus
    monkeypatch.setattr(model.facts, "EVENTS_A_SECOND_PER_KPU", 1_000)
    assert model.Design(10_000).kpus == 9 > before
