"""Updates of the analytics while it runs, on real parts: other windows, another program.

One story is told: windows of 4 s become windows of 8 s while two are open, by an update that also
brings a program whose state fits; then a program whose state does not fit is taken back. Events
arrive when the story says so (past_aws.py), so that it is known which windows are open.

The application is another one afterwards, so this is the last story of the project.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timezone
from subprocess import CompletedProcess
from typing import Any

import pytest

import past_aws
from analysed_project import NEEDED, AnalysedProject
from audited_project import envelope
from live_project import LiveProject
from repository import ROOT
from small_projects import SmallProject
from waiting import until

pytestmark = pytest.mark.scenario

LATE_AFTER_RESTART = {"late-1", "late-2", "late-3"}

Change = tuple[str, str]
# The state stays what it was.
ANOTHER_FILTER: Change = ("amount <= 1000000000", "amount <= 500000")
# Each store and window keeps one figure more.
ANOTHER_AGGREGATE: Change = ("  SUM(amount),\n", "  SUM(amount) + 0 * MAX(amount),\n")


@dataclass
class Shop:
    """The deployed project, with a program of our own; the story's time begins at `base`.

    `sold` has the cents that are to be in each window.
    """

    project: LiveProject
    analysed: AnalysedProject
    base: int
    sold: dict[tuple[int, int], int] = field(default_factory=dict)
    clock: int = 0
    _recorded: dict[str, str] = field(default_factory=dict)

    def deploy(self, **parameters: int) -> CompletedProcess[str]:
        flags = [f"--parameter-overrides={name}={value}" for name, value in parameters.items()]
        return self.project.deploy(*flags)

    def change_program(self, *changes: Change) -> None:
        """The program as it is in this repository, but for these changes."""
        text = (ROOT / "functions" / "analytics" / "windows.sql").read_text()
        for before, after in changes:
            assert text.count(before) == 1
            text = text.replace(before, after)
        self.project.sources.source("analytics", "windows.sql", text)

    def sell(self, first: int, until: int, length: int) -> None:
        """A sale in each of these seconds, that are to be counted in windows of this length."""
        for second in range(first, until):
            self.send(second, f"at-{second}-{length}", 100 + second)
            start = second // length * length
            window = start, start + length
            self.sold[window] = self.sold.get(window, 0) + 100 + second

    def send(self, second: int, request_id: str, cents: int) -> None:
        detail = {
            "request_id": request_id,
            "store_id": "store_1",
            "sales": cents / 100,
            "is_return": False,
        }
        self._put(second, envelope(detail, self.base + second))

    def beat(self, second: int) -> None:
        """In every shard."""
        self.clock = max(self.clock, second)
        self.analysed.beat(self.base + self.clock)

    def rows(self) -> dict[tuple[int, int], int]:
        """Cents by the start and the end of the window, in seconds of the story."""
        lines = self.project.run("results", "--all", "--output=ndjson").stdout.splitlines()
        rows = [json.loads(line) for line in lines]
        windows = {
            (self._second(row["window_start"]), self._second(row["timestamp"])): round(
                row["revenue"] * 100
            )
            for row in rows
        }
        return {window: cents for window, cents in windows.items() if window[0] >= 0}

    def recorded(self) -> dict[str, str]:
        """The reason by request_id."""
        lines = self.analysed.fresh_lines("late_events/")
        self._recorded.update({line["request_id"]: line["reason"] for line in lines})
        return self._recorded

    def remove_rows(self, pattern: str) -> int:
        """Take the rows that match out of the data store; how many there were."""
        s3, removed = self.project.aws.client("s3"), 0
        pages = s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix="sales_revenue/"):
            for entry in page["Contents"]:
                body = s3.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read().decode()
                kept = [line for line in body.splitlines(True) if not re.search(pattern, line)]
                if len(kept) < body.count("\n"):
                    removed += body.count("\n") - len(kept)
                    s3.put_object(Bucket=self.bucket, Key=entry["Key"], Body="".join(kept).encode())
        return removed

    @property
    def bucket(self) -> str:
        return self.project.physical_id("data-store", "Bucket")

    @property
    def application(self) -> dict[str, Any]:
        name = self.project.physical_id("analytics", "Application")
        described = self.flink.describe_application(ApplicationName=name)["ApplicationDetail"]
        return dict(described)

    def operations(self) -> list[tuple[str, str]]:
        """The newest first."""
        name = self.application["ApplicationName"]
        answer = self.flink.list_application_operations(ApplicationName=name)
        found = answer["ApplicationOperationInfoList"]
        return [(one["Operation"], one["OperationStatus"]) for one in found]

    @property
    def flink(self) -> Any:
        return self.project.aws.client("kinesisanalyticsv2")

    def _put(self, second: int, event: dict[str, Any]) -> None:
        """It arrives in its second, or with the one before it; then all shards are as far."""
        self.clock = max(self.clock, second)
        event["resources"] = [past_aws.resource(self.base + self.clock)]
        self.project.aws.client("kinesis").put_record(
            StreamName=self.project.physical_id("stream", "Stream"),
            Data=json.dumps(event).encode(),
            PartitionKey="one shard",
        )
        self.beat(self.clock)

    def _second(self, text: str) -> int:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=timezone.utc)
        return int(moment.timestamp()) - self.base


@dataclass(frozen=True)
class Story:
    """What the updates said; `before` and `after` is the application around one that failed."""

    shop: Shop
    update: CompletedProcess[str]
    misfit: CompletedProcess[str]
    why: CompletedProcess[str]
    before: dict[str, Any]
    after: dict[str, Any]
    operations: list[tuple[str, str]]


@pytest.fixture(scope="module")
def shop(project: AnalysedProject, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    sources = SmallProject(tmp_path_factory.mktemp("updates"))
    sources.templates.mkdir()
    for name in NEEDED:
        shutil.copy(ROOT / "templates" / f"{name}.yaml", sources.templates)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions", sources.functions, ignore=ignored)
    # What is there already is none of the story's.
    project.fresh_lines("late_events/")
    # Where a window begins, however long windows are.
    base = -(-project.clock // 600) * 600
    return Shop(LiveProject(project.aws, sources, project.name), project, base)


@pytest.fixture(scope="module")
def story(shop: Shop) -> Story:
    # Two windows of 4 s are open: the first is closed at 9 s.
    shop.sell(0, 6, length=4)
    shop.change_program(ANOTHER_FILTER)
    update = shop.deploy(WindowSeconds=8)
    # To 19 s, with a sale in time that happened before the update. The window to 16 s is open.
    shop.sell(4, 5, length=8)
    shop.sell(6, 20, length=8)

    before = shop.application
    shop.change_program(ANOTHER_FILTER, ANOTHER_AGGREGATE)
    misfit = shop.deploy()
    why = shop.project.run("status", "--why")
    after, operations = shop.application, shop.operations()
    for request_id in sorted(LATE_AFTER_RESTART):
        shop.send(15, request_id, 1)
    shop.sell(20, 28, length=8)
    shop.beat(80)
    until(lambda: sum(shop.rows().values()) >= sum(shop.sold.values()), "all sales in the rows")
    # They come by a delivery stream of their own, which may be later.
    until(lambda: shop.recorded().keys() >= set(LATE_AFTER_RESTART), "the late sales' records")
    return Story(shop, update, misfit, why, before, after, operations)


def test_open_windows_keep_their_length_and_no_sale_is_lost_or_counted_twice(story: Story) -> None:
    assert story.update.returncode == 0, story.update.stderr
    assert story.shop.rows() == story.shop.sold
    assert story.shop.rows().keys() == {(0, 4), (4, 8), (0, 8), (8, 16), (16, 24), (24, 32)}


def test_what_is_late_right_after_a_restart_is_recorded(story: Story) -> None:
    assert story.shop.recorded() == dict.fromkeys(LATE_AFTER_RESTART, "late")


def test_an_update_whose_state_does_not_fit_is_taken_back(story: Story) -> None:
    assert story.misfit.returncode == 1
    assert story.after["ApplicationStatus"] == "RUNNING"
    configuration = "ApplicationConfigurationDescription"
    code = "ApplicationCodeConfigurationDescription"
    assert story.after[configuration][code] == story.before[configuration][code]
    assert story.operations[:2] == [
        ("RollbackApplication", "SUCCESSFUL"),
        ("UpdateApplication", "FAILED"),
    ]


def test_it_says_why_in_plain_words_and_the_way_out(story: Story) -> None:
    for said in (story.misfit.stderr, " ".join(story.why.stdout.split())):
        assert "start-analytics --from none" in said
    assert "the saved state no longer fits it" in story.misfit.stderr
    assert story.shop.project.statuses["analytics"] == "UPDATE_ROLLBACK_COMPLETE"


def test_windows_of_both_lengths_are_told_apart_in_the_table(story: Story) -> None:
    shown = story.shop.project.run("results", "--all", "--by=window", "--output=table").stdout
    assert shown.startswith("Window's start (UTC)")


def test_verify_agrees_and_finds_a_row_that_is_missing_where_windows_overlap(story: Story) -> None:
    verified = story.shop.project.run("verify", "--wait=60")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert verified.stdout.count("agrees, as one sum") == 1

    start = f"{datetime.fromtimestamp(story.shop.base + 4, timezone.utc):%Y-%m-%d %H:%M:%S}.000"
    assert story.shop.remove_rows(f'"window_start":"{start}"') == 1
    verified = story.shop.project.run("verify", "--wait=0")
    assert verified.returncode == 3
    assert "revenue" in verified.stdout


def test_the_new_program_is_the_one_that_runs(story: Story) -> None:
    story.shop.send(81, "too much", 60_000_000)
    until(lambda: story.shop.recorded().get("too much") == "malformed", "the record of it")
