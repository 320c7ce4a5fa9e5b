from __future__ import annotations

from typing import Any

import pytest

from miztiik_events import buckets
from miztiik_events.errors import MiztiikError
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
