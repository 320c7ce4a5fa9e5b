"""A template's address may have its bucket in the host's name or in the path, as on AWS."""

from __future__ import annotations

import uuid

import pytest

from shared_aws import TestAws

TEMPLATE = b"Resources: {Topic: {Type: AWS::SNS::Topic}}"


@pytest.mark.parametrize(
    "url",
    [
        "https://{}.s3.us-east-1.amazonaws.com/folder/one.yaml",
        "https://{}.s3-us-west-2.amazonaws.com/folder/one.yaml",
        "https://{}.s3.amazonaws.com/folder/one.yaml",
        "https://s3.amazonaws.com/{}/folder/one.yaml",
        "https://s3.us-east-1.amazonaws.com/{}/folder/one.yaml",
    ],
)
def test_a_template_is_found_by_each_form_of_its_address(local_aws: TestAws, url: str) -> None:
    s3, cloudformation = local_aws.client("s3"), local_aws.client("cloudformation")
    # A dot in the name, and `s3` at its beginning: neither belongs to the host of S3.
    name = f"s3.templates.{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="folder/one.yaml", Body=TEMPLATE)
    summary = cloudformation.get_template_summary(TemplateURL=url.format(name))
    assert summary["ResourceTypes"] == ["AWS::SNS::Topic"]
