"""A bucket with something in it outlives its stack's deletion, as on AWS."""

from __future__ import annotations

import uuid

from shared_aws import TestAws
from waiting import until

TEMPLATE = """\
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: NAME, VersioningConfiguration: {Status: Enabled}}
"""


def test_a_filled_bucket_fails_the_deletion_until_it_is_empty(local_aws: TestAws) -> None:
    cloudformation, s3 = local_aws.client("cloudformation"), local_aws.client("s3")
    name = f"filled-{uuid.uuid4()}"
    arn = cloudformation.create_stack(StackName=name, TemplateBody=TEMPLATE.replace("NAME", name))

    def status() -> str:
        return str(
            cloudformation.describe_stacks(StackName=arn["StackId"])["Stacks"][0]["StackStatus"]
        )

    def deleted() -> str:
        cloudformation.delete_stack(StackName=name)
        until(lambda: status() in ("DELETE_FAILED", "DELETE_COMPLETE"))
        return status()

    until(lambda: status() == "CREATE_COMPLETE")
    version = s3.put_object(Bucket=name, Key="one", Body=b"1")["VersionId"]
    # What is left is a version under a delete marker: the bucket looks empty, and is not.
    marker = s3.delete_object(Bucket=name, Key="one")["VersionId"]
    assert deleted() == "DELETE_FAILED"
    (left,) = [
        resource
        for resource in cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        if resource["ResourceStatus"] != "DELETE_COMPLETE"
    ]
    assert left["LogicalResourceId"] == "Bucket"
    assert "is not empty" in left["ResourceStatusReason"]
    for one in (version, marker):
        s3.delete_object(Bucket=name, Key="one", VersionId=one)
    assert deleted() == "DELETE_COMPLETE"
