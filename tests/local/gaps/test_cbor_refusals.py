"""What IAM refuses is told in the encoding of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import signed_requests
import small_roles
import small_streams
from small_roles import allow

if TYPE_CHECKING:
    from shared_aws import TestAws


def test_a_refusal_in_cbor_names_what_the_role_lacks(local_aws: TestAws) -> None:
    stream = small_streams.create(local_aws)
    credentials = small_roles.create(local_aws, allow("kinesis:GetRecords", "*")).credentials()
    answer = signed_requests.kinesis(
        local_aws, "DescribeStream", credentials, StreamName=stream.name
    )
    assert answer.document["__type"] == "AccessDeniedException"
    assert "kinesis:DescribeStream" in answer.document["message"]


def test_a_refusal_in_json_stays_in_json(local_aws: TestAws) -> None:
    stream = small_streams.create(local_aws)
    role = small_roles.create(local_aws, allow("kinesis:GetRecords", "*"))
    kinesis = role.client("kinesis")
    with pytest.raises(kinesis.exceptions.ClientError, match="kinesis:DescribeStream"):
        kinesis.describe_stream(StreamName=stream.name)
