"""A bucket that a change set imports is no conflict of names; one that it creates is, as on AWS."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from shared_aws import TestAws
from waiting import until


@pytest.mark.parametrize(
    ("imports", "status"), [(True, "CREATE_COMPLETE"), (False, "ROLLBACK_COMPLETE")]
)
def test_a_bucket_that_exists_is_imported_or_refused(
    local_aws: TestAws, imports: bool, status: str
) -> None:
    cloudformation, s3 = local_aws.client("cloudformation"), local_aws.client("s3")
    name = f"there-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="before", Body=b"1")
    bucket: dict[str, Any] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
    # AWS imports only what it is told to keep when the import fails.
    template = {"Resources": {"Bucket": {**bucket, "DeletionPolicy": "Retain"}}}
    cloudformation.create_change_set(
        StackName=name,
        ChangeSetName="one",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template),
        ImportExistingResources=imports,
    )

    def change_set() -> str:
        described = cloudformation.describe_change_set(StackName=name, ChangeSetName="one")
        return str(described["Status"])

    def stack() -> str:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

    until(lambda: change_set() == "CREATE_COMPLETE")
    cloudformation.execute_change_set(StackName=name, ChangeSetName="one")
    until(lambda: stack() in ("CREATE_COMPLETE", "ROLLBACK_COMPLETE"))
    assert stack() == status
    assert s3.get_object(Bucket=name, Key="before")["Body"].read() == b"1"
