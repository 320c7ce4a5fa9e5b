"""The objects of the data store."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.response import StreamingBody

from miztiik_events.pipeline import data_store
from miztiik_events.pipeline.data_store import Folder
from stubs import Answer, stubbed

if TYPE_CHECKING:
    from shared_aws import TestAws


def put(aws: TestAws, bucket: str, key: str, body: str) -> None:
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())


def test_every_line_is_read_once(local_aws: TestAws, bucket: str) -> None:
    folder = Folder(local_aws.client("s3"), bucket, "sales/")
    put(local_aws, bucket, "sales/2026/11/24/15/b", '{"n": 2.50}\n\nno json\n')
    put(local_aws, bucket, "sales/2026/11/24/15/a", '{"n": 1}')
    put(local_aws, bucket, "other/2026/11/24/15/a", '{"n": 9}')

    lines = folder.fresh()
    assert [line.text for line in lines] == ['{"n": 1}', '{"n": 2.50}', "no json"]
    assert [line.fields for line in lines] == [{"n": 1}, {"n": Decimal("2.50")}, None]
    assert folder.fresh() == []

    put(local_aws, bucket, f"sales/{datetime.now(timezone.utc):%Y/%m/%d/%H}/c", '{"n": 3}\n')
    assert [line.fields for line in folder.fresh()] == [{"n": 3}]


def test_more_objects_than_a_page_are_all_read(local_aws: TestAws, bucket: str) -> None:
    for number in range(1005):
        put(local_aws, bucket, f"sales/{number:05}", "{}")
    assert len(Folder(local_aws.client("s3"), bucket, "sales/").fresh()) == 1005


def test_the_hours_after_the_last_that_is_asked_for_are_not_even_listed() -> None:
    keys = [f"sales/2026/11/24/{hour}/a" for hour in (16, 17)]
    moment = datetime(2026, 11, 24, 16, 30, tzinfo=timezone.utc)
    page = {
        "Contents": [{"Key": key, "LastModified": moment} for key in keys],
        "IsTruncated": True,
        "NextContinuationToken": "more",
    }
    asked = {"Bucket": "store", "Prefix": "sales/", "StartAfter": "sales/2026/11/24/14"}
    body = StreamingBody(io.BytesIO(b"{}"), 2)
    answers = [Answer("list_objects_v2", page, asked), Answer("get_object", {"Body": body})]
    with stubbed("s3", *answers) as s3:
        folder = Folder(s3, "store", "sales/", moment - timedelta(hours=1), moment)
        assert [line.key for line in folder.fresh()] == keys[:1]


def test_a_page_may_be_empty_and_not_the_last() -> None:
    moment = datetime(2026, 11, 24, 16, 30, tzinfo=timezone.utc)
    asked = {"Bucket": "store", "Prefix": "sales/", "StartAfter": "sales/2026/11/24/15"}
    page = {"Contents": [{"Key": "sales/2026/11/24/16/a", "LastModified": moment}]}
    body = StreamingBody(io.BytesIO(b"{}"), 2)
    answers = [
        Answer("list_objects_v2", {"IsTruncated": True}, asked),
        Answer("list_objects_v2", page, asked),
        Answer("get_object", {"Body": body}),
    ]
    with stubbed("s3", *answers) as s3:
        assert len(Folder(s3, "store", "sales/", moment, moment).fresh()) == 1


def test_objects_of_before_are_left_out(local_aws: TestAws, bucket: str) -> None:
    now = datetime.now(timezone.utc)
    put(local_aws, bucket, f"sales/{now:%Y/%m/%d/%H}/a", "{}")
    s3 = local_aws.client("s3")
    assert len(Folder(s3, bucket, "sales/", now - timedelta(minutes=1)).fresh()) == 1
    assert Folder(s3, bucket, "sales/", now + timedelta(minutes=1)).fresh() == []


def test_earlier_hours_are_not_even_listed() -> None:
    request = {
        "Bucket": "store",
        "Prefix": "sales/",
        # An hour before, and in UTC.
        "StartAfter": "sales/2026/11/24/14",
    }
    since = datetime(2026, 11, 24, 17, 30, tzinfo=timezone(timedelta(hours=2)))
    with stubbed("s3", Answer("list_objects_v2", {}, request)) as s3:
        assert Folder(s3, "store", "sales/", since).fresh() == []


@pytest.mark.parametrize("days", [1, 9, 800])
def test_each_object_of_a_long_time_is_read_once_and_in_order(
    local_aws: TestAws, bucket: str, days: int
) -> None:
    """It is listed in parts; keys lie on their borders too, and beside all hours."""
    now = datetime.now(timezone.utc)
    since, s3 = now - timedelta(days=days), local_aws.client("s3")
    parts = set()

    def five_a_page(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        parts.add(params["StartAfter"])
        return {**params, "MaxKeys": 5}

    folder = Folder(s3, bucket, "sales/", since)
    borders = [span.after for span in folder._spans()]
    assert len(borders) == data_store.PARALLEL_CALLS
    keys = [key for border in borders[1:] for key in (border, f"{border}/a", f"{border}/z")]
    keys += [f"sales/{now + timedelta(days=1):%Y/%m/%d/%H}/of a clock that is ahead", "sales/zzz"]
    for key in reversed(keys):
        put(local_aws, bucket, key, "{}")
    put(local_aws, bucket, f"sales/{since - timedelta(hours=2):%Y/%m/%d/%H}/z", "{}")
    event = "provide-client-params.s3.ListObjectsV2"
    s3.meta.events.register(event, five_a_page)
    try:
        assert [line.key for line in folder.fresh()] == keys
        assert len(parts) > data_store.PARALLEL_CALLS // 2
        assert folder.fresh() == []
    finally:
        s3.meta.events.unregister(event, five_a_page)


def test_the_newest_object_is_looked_for_in_the_newest_hour_alone(
    local_aws: TestAws, bucket: str
) -> None:
    s3 = local_aws.client("s3")
    assert data_store.newest(s3, bucket, "sales/") is None
    # What was written last, but for an earlier hour, is no fresh delivery.
    for key in ("sales/2026/11/24/10/a", "sales/2026/11/24/10/b", "sales/2026/09/30/23/late"):
        put(local_aws, bucket, key, "{}")
    found = data_store.newest(s3, bucket, "sales/")
    assert found
    assert found["Key"].startswith("sales/2026/11/24/10/")


def test_what_firehose_set_aside_is_counted_by_its_folder(local_aws: TestAws, bucket: str) -> None:
    since = datetime(2026, 11, 24, 10, 30, tzinfo=timezone.utc)
    assert data_store.set_aside(local_aws.client("s3"), bucket, since) == {}
    folders = ("failed/lake/format-conversion-failed", "failed/recomputed/late_events/other")
    for folder in folders:
        for hour in ("2025/12/31/23", "2026/11/24/09", "2026/11/24/10", "2027/01/01/00"):
            put(local_aws, bucket, f"{folder}/{hour}/a", "{}")
    put(local_aws, bucket, "failed/lake/processing-failed/2026/11/24/09/a", "{}")
    counts = data_store.set_aside(local_aws.client("s3"), bucket, since)
    assert counts == {f"{folder}/": 2 for folder in folders}


def test_objects_are_counted_under_their_prefix(local_aws: TestAws, bucket: str) -> None:
    for key in ("late/2026/11/24/10/a", "late/2026/11/24/11/b", "late/2026/11/23/10/c"):
        put(local_aws, bucket, key, "{}")
    assert data_store.count(local_aws.client("s3"), bucket, "late/2026/11/24/") == 2
