from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from miztiik_events.destroy import buckets
from miztiik_events.destroy.buckets import Contents
from miztiik_events.errors import MiztiikError
from miztiik_events.patience import CancelledError
from stubs import Answer, Refusal, stubbed

PAGE = {"Versions": [{"Key": "a", "VersionId": "1"}], "DeleteMarkers": [], "IsTruncated": False}


def test_all_versions_and_delete_markers_go(local_aws: Any) -> None:
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="test-buckets")
    s3.put_bucket_versioning(Bucket="test-buckets", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket="test-buckets", Key="a", Body=body)
    s3.delete_object(Bucket="test-buckets", Key="a")
    assert buckets.empty(s3, "test-buckets") == 3
    left = s3.list_object_versions(Bucket="test-buckets")
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")
    assert buckets.empty(s3, "test-buckets") == 0


def test_a_bucket_that_is_not_there_is_empty() -> None:
    with stubbed("s3", Refusal("list_object_versions", "NoSuchBucket", status=404)) as s3:
        assert buckets.empty(s3, "gone") == 0


def test_an_object_that_stays_is_named() -> None:
    error = {"Key": "a", "Code": "AccessDenied", "Message": "no"}
    answers = (
        Answer("list_object_versions", PAGE),
        Answer("delete_objects", {"Errors": [error]}),
    )
    with stubbed("s3", *answers) as s3, pytest.raises(MiztiikError) as failed:
        buckets.empty(s3, "b")
    assert str(failed.value) == "a in bucket b cannot be deleted: AccessDenied: no"


def listed(*keys: str, is_latest: bool = True) -> dict[str, Any]:
    return {
        "Versions": [
            {"Key": key, "VersionId": "1", "Size": 7, "IsLatest": is_latest} for key in keys
        ],
        "IsTruncated": False,
    }


def deletion(*keys: str, failed: dict[str, str] | None = None) -> Answer:
    objects = [{"Key": key, "VersionId": "1"} for key in keys]
    errors = {"Errors": [{"Key": key, "Code": code} for key, code in (failed or {}).items()]}
    return Answer(
        "delete_objects", errors, {"Bucket": "b", "Delete": {"Objects": objects, "Quiet": True}}
    )


def test_what_s3_asks_to_try_again_is_tried_again() -> None:
    answers = (
        Answer("list_object_versions", listed("a", "b")),
        deletion("a", "b", failed={"b": "SlowDown"}),
        Answer("list_object_versions", listed("b")),
        deletion("b"),
    )
    with stubbed("s3", *answers) as s3:
        assert buckets.empty(s3, "b") == 2


def test_what_s3_never_takes_is_named_in_the_end() -> None:
    answers = (
        Answer("list_object_versions", listed("a")),
        deletion("a", failed={"a": "InternalError"}),
    )
    with (
        stubbed("s3", *(answers * buckets.PASSES)) as s3,
        pytest.raises(MiztiikError, match="a in bucket b cannot be deleted: InternalError"),
    ):
        buckets.empty(s3, "b")


def test_it_ends_when_it_is_cancelled() -> None:
    cancelled = threading.Event()
    cancelled.set()
    with (
        stubbed("s3", Answer("list_object_versions", listed("a"))) as s3,
        pytest.raises(CancelledError),
    ):
        buckets.empty(s3, "b", cancelled)


def test_thousands_of_versions_go(local_aws: Any) -> None:
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="test-buckets-many")
    versioning = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket="test-buckets-many", VersioningConfiguration=versioning)
    with ThreadPoolExecutor(8) as pool:
        keys = map(str, range(2100))
        list(
            pool.map(
                lambda key: s3.put_object(Bucket="test-buckets-many", Key=key, Body=b"x"), keys
            )
        )
    assert buckets.contents(s3, "test-buckets-many") == Contents(2100, 2100, 2100)
    assert buckets.empty(s3, "test-buckets-many") == 2100
    assert buckets.contents(s3, "test-buckets-many") == Contents()


def test_older_versions_and_delete_markers_count_too(local_aws: Any) -> None:
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="test-contents")
    s3.put_bucket_versioning(Bucket="test-contents", VersioningConfiguration={"Status": "Enabled"})
    for key, body in (("a", b"1"), ("a", b"22"), ("b", b"333")):
        s3.put_object(Bucket="test-contents", Key=key, Body=body)
    s3.delete_object(Bucket="test-contents", Key="b")
    assert buckets.contents(s3, "test-contents") == Contents(1, 4, 6)


def test_the_counting_stops_after_some_thousands() -> None:
    pages = [
        {**listed(str(n)), "IsTruncated": True, "NextKeyMarker": str(n), "NextVersionIdMarker": "1"}
        for n in range(buckets.COUNTED_PAGES)
    ]
    with stubbed("s3", *[Answer("list_object_versions", page) for page in pages]) as s3:
        assert buckets.contents(s3, "b") == Contents(5, 5, 35, is_cut=True)


def test_a_bucket_that_is_not_there_has_nothing_in_it() -> None:
    with stubbed("s3", Refusal("list_object_versions", "NoSuchBucket", status=404)) as s3:
        assert buckets.contents(s3, "gone") == Contents()
