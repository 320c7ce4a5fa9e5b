from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from miztiik_events.deploy import bundle
from stubs import Answer, Refusal, stubbed


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "code.zip"
    path.write_bytes(b"code")
    return path


def test_what_is_there_is_not_uploaded(source: Path) -> None:
    head = Answer("head_object", {}, {"Bucket": "b", "Key": "k"})
    with stubbed("s3", head) as s3:
        assert bundle.upload(s3, "b", "k", source) is False


def test_a_refusal_is_not_taken_for_a_missing_object(source: Path) -> None:
    with stubbed("s3", Refusal("head_object", "403", status=403)) as s3, pytest.raises(ClientError):
        bundle.upload(s3, "b", "k", source)


def test_what_is_missing_is_uploaded_once(source: Path, local_aws: Any) -> None:
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="test-assets")
    sent: list[int] = []
    assert bundle.upload(s3, "test-assets", "one/1.zip", source, sent.append) is True
    assert sent[-1] == 4
    assert bundle.upload(s3, "test-assets", "one/1.zip", source) is False
    assert s3.get_object(Bucket="test-assets", Key="one/1.zip")["Body"].read() == b"code"
