"""`produce --backfill`: what it writes is shown and told apart, and no audit sees it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

import command_line
from audited_project import (
    WINDOW_SECONDS,
    AuditedProject,
    audited_project,
    result_lines,
    sales,
)

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture
def project(past: TestAws) -> Iterator[AuditedProject]:
    with audited_project(past) as deployed:
        yield deployed


def stored(project: AuditedProject) -> set[str]:
    """The keys of the data store."""
    s3 = project.aws.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=project.outputs["FirehoseDataStore"]
    )
    return {entry["Key"] for page in pages for entry in page.get("Contents", [])}


def test_it_is_shown_as_what_it_is_and_verify_does_not_count_it(project: AuditedProject) -> None:
    now = time.time()
    envelopes = sales(300, seed=1, over=(now - 100, now - 30))
    project.send(envelopes)
    project.beat()
    project.store(result_lines(envelopes))
    backfill = ("produce", "--backfill=6h", "--stores=2", "--seed=1")
    done = project.run(*backfill)
    assert (done.returncode, done.stdout) == (0, "")
    keys = stored(project)
    assert [key.endswith("/backfill-rows") for key in sorted(keys)] == [True] * 6 + [False]
    # Again, and it stands where it stood.
    assert project.run(*backfill).returncode == 0
    assert stored(project) == keys

    shown = project.run("results", "--since=1d", "--output=ndjson")
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    marked = [row for row in rows if row.get("backfill") is True]
    assert 0 < len(marked) <= 6 * 3600 / WINDOW_SECONDS * 2
    assert [row for row in rows if row not in marked]
    assert f"{len(marked):,} rows of a backfill, made up for a demonstration" in shown.stderr
    audit = json.loads(project.run("verify", "--wait=0", "--output=json").stdout)
    assert (audit["differences"], audit["counts"]["counted"]) == ([], 300)


def test_where_live_results_are_nothing_is_written(project: AuditedProject) -> None:
    s3, bucket = project.aws.client("s3"), project.outputs["FirehoseDataStore"]
    moment = datetime.now(timezone.utc) - timedelta(hours=30)
    live = f"sales_revenue/{moment:%Y/%m/%d/%H}/revenue_analytics_stream-1-1"
    s3.put_object(Bucket=bucket, Key=live, Body=b"")
    before = stored(project)
    done = project.run("produce", "--backfill=3d")
    assert done.returncode == 1
    assert f"{live} has live results, and a backfill is never mixed with them" in done.stderr
    assert stored(project) == before


@pytest.mark.parametrize("age", ["0d", "7", "7w", "-1d", "soon", "90m"])
def test_an_age_is_hours_or_days(age: str) -> None:
    done = command_line.run({}, "produce", f"--backfill={age}")
    assert done.returncode == 2
    assert "such as 12h or 7d" in done.stderr


@pytest.mark.parametrize(
    "other", ["--duration=5", "--count=5", "--until-stopped", "--bad-ratio=0.1", "--lifelike"]
)
def test_what_is_of_events_is_excluded(other: str) -> None:
    done = command_line.run({}, "produce", "--backfill=7d", other)
    assert done.returncode == 2
    assert f"--backfill excludes {other.partition('=')[0]}" in done.stderr


def test_too_many_rows_are_refused(project: AuditedProject) -> None:
    done = project.run("produce", "--backfill=7d", "--stores=1000")
    assert done.returncode == 2
    assert "60,480,000 rows, and 1,000,000 are the most" in done.stderr
