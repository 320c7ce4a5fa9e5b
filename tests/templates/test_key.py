"""The package, deployed with the key and the access log bucket of docs/examples/*.yaml.

What the local AWS knows of keys is asked here: it tells those of delivery streams, buckets, queues,
log groups and the application, and it holds roles to what they may do with a key. It encrypts
nothing, and forgets the keys of the others; test_templates_keys.py looks at their templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import command_line
from key_use import ASKS
from miztiik_events.cloudformation import stacks, template, template_folder
from repository import EXAMPLES
from small_roles import ACCOUNT, Role, document
from template_trees import listed

if TYPE_CHECKING:
    from shared_aws import TestAws

PROJECT = "keyed"
QUEUES, LOG_GROUPS = 9, 11


@dataclass(frozen=True)
class Keyed:
    aws: TestAws
    key: str
    policy: str
    logs: str
    # The stacks' resources, by logical id, and their outputs.
    names: Mapping[str, str]


@pytest.fixture(scope="module")
def keyed(local_aws: TestAws) -> Keyed:
    given = ready(local_aws, "kms-key") | ready(local_aws, "access-log-bucket")
    key, logs = given["KmsKeyArn"], given["AccessLogBucket"]
    deployed = deploy(local_aws, f"-pKmsKeyArn={key}", f"-pAccessLogBucket={logs}")
    assert f"{len(template.names())} created" in deployed
    found = names(local_aws.client("cloudformation"))
    return Keyed(local_aws, key, given["DeployerPolicyArn"], logs, found)


def ready(aws: TestAws, name: str) -> dict[str, str]:
    """The outputs of a ready template, deployed."""
    cloudformation = aws.client("cloudformation")
    stack = cloudformation.create_stack(
        StackName=f"{name}-of-{PROJECT}",
        TemplateBody=(EXAMPLES / f"{name}.yaml").read_text("utf-8"),
        Parameters=[{"ParameterKey": "Project", "ParameterValue": PROJECT}],
        Capabilities=["CAPABILITY_IAM"],
    )["StackId"]
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=stack, WaiterConfig={"Delay": 1})
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}


def deploy(aws: TestAws, *arguments: str) -> str:
    ended = command_line.run(aws.environment, "deploy", "--project", PROJECT, *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


def names(cloudformation: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for stack in stacks.of_project(cloudformation, PROJECT).values():
        summaries = cloudformation.list_stack_resources(StackName=stack.id)
        found |= {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in summaries["StackResourceSummaries"]
        }
        found |= {**stack.parameters, **stack.outputs}
    return found


@pytest.mark.parametrize("output", ["ArtifactBucket", "FirehoseDataStore"])
def test_a_bucket_has_the_key_and_an_access_log(keyed: Keyed, output: str) -> None:
    s3, name = keyed.aws.client("s3"), keyed.names[output]
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"] == [
        {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": keyed.key,
            },
            "BucketKeyEnabled": True,
        }
    ]
    log = s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]
    assert log["TargetBucket"] == keyed.logs
    assert re.fullmatch(f"{PROJECT}-(artifacts|data-store)/", log["TargetPrefix"])


def test_what_is_written_into_a_bucket_is_written_with_the_key(keyed: Keyed) -> None:
    code = keyed.aws.client("s3").head_object(
        Bucket=keyed.names["ArtifactBucket"], Key=keyed.names["ProducerCode"]
    )
    assert code["SSEKMSKeyId"] == keyed.key


def test_the_queues_have_the_key(keyed: Keyed) -> None:
    sqs = keyed.aws.client("sqs")
    urls = sqs.list_queues(QueueNamePrefix=f"{PROJECT}-")["QueueUrls"]
    assert len(urls) == QUEUES
    for url in urls:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert attributes["KmsMasterKeyId"] == keyed.key
        assert attributes["SqsManagedSseEnabled"] == "false"


def test_the_log_groups_have_the_key(keyed: Keyed) -> None:
    groups = keyed.aws.client("logs").get_paginator("describe_log_groups").paginate()
    found = [
        one["kmsKeyId"]
        for page in groups
        for one in page["logGroups"]
        if one["logGroupName"] in keyed.names.values()
    ]
    assert found == [keyed.key] * LOG_GROUPS


@pytest.mark.parametrize("output", ["DeliveryStreamName", "LateEventsDeliveryStreamName"])
def test_the_delivery_streams_have_the_key_and_write_with_it(keyed: Keyed, output: str) -> None:
    firehose = keyed.aws.client("firehose")
    answer = firehose.describe_delivery_stream(DeliveryStreamName=keyed.names[output])
    stream = answer["DeliveryStreamDescription"]
    assert stream["DeliveryStreamEncryptionConfiguration"]["KeyARN"] == keyed.key
    (destination,) = stream["Destinations"]
    written = destination["ExtendedS3DestinationDescription"]["EncryptionConfiguration"]
    assert written == {"KMSEncryptionConfig": {"AWSKMSKeyARN": keyed.key}}


def test_the_application_has_the_key(keyed: Keyed) -> None:
    customers = {"KeyType": "CUSTOMER_MANAGED_KEY", "KeyId": keyed.key}
    assert encryption_of_the_application(keyed) == customers


def encryption_of_the_application(keyed: Keyed) -> dict[str, str]:
    flink = keyed.aws.client("kinesisanalyticsv2")
    name = keyed.names["AnalyticsApplicationName"]
    application = flink.describe_application(ApplicationName=name)["ApplicationDetail"]
    configuration = application["ApplicationConfigurationDescription"]
    found: dict[str, str] = configuration["ApplicationEncryptionConfigurationDescription"]
    return found


@pytest.mark.parametrize("logical_id", ASKS)
def test_a_role_may_use_the_key_as_it_must_and_no_other_key(keyed: Keyed, logical_id: str) -> None:
    role = Role(keyed.aws, keyed.names[logical_id])
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = document({"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"})
    iam, kms = keyed.aws.client("iam"), keyed.aws.client("kms")
    iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=trust)
    allowed = kms.encrypt(KeyId=keyed.key, Plaintext=b"secret")["CiphertextBlob"]
    other = kms.create_key()["KeyMetadata"]["Arn"]
    client = role.client("kms")
    may = {
        "kms:GenerateDataKey": is_allowed(
            client.generate_data_key, KeyId=keyed.key, KeySpec="AES_256"
        ),
        "kms:Decrypt": is_allowed(client.decrypt, KeyId=keyed.key, CiphertextBlob=allowed),
        "kms:Encrypt": is_allowed(client.encrypt, KeyId=keyed.key, Plaintext=b"secret"),
        "kms:DescribeKey": is_allowed(client.describe_key, KeyId=keyed.key),
        "other key": is_allowed(client.generate_data_key, KeyId=other, KeySpec="AES_256"),
    }
    assert {name for name, is_so in may.items() if is_so} == ASKS[logical_id]


def is_allowed(call: Any, **arguments: Any) -> bool:
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] == "AccessDeniedException":
            return False
        raise
    return True


def test_the_stack_of_the_key_has_a_policy_for_the_person_who_deploys(keyed: Keyed) -> None:
    """On this key alone, and on the log groups of the project, which take a key by a call apart."""
    iam, arn = keyed.aws.client("iam"), keyed.policy
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    policy = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    resources = {
        action.partition(":")[0]: one["Resource"]
        for one in policy["Document"]["Statement"]
        for action in listed(one["Action"])
    }
    groups = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{PROJECT}-*"
    assert resources == {"kms": keyed.key, "logs": groups}


def test_the_key_stays_until_it_is_taken_back(keyed: Keyed) -> None:
    assert "Nothing changed" in deploy(keyed.aws)
    keeping = [one for one in template_folder.load_all() if "KmsKeyArn" in one.parameters]
    assert f"{len(keeping)} updated" in deploy(keyed.aws, "-pKmsKeyArn=", "-pAccessLogBucket=")
    sqs = keyed.aws.client("sqs")
    url = keyed.names["RejectedEventsQueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["SqsManagedSseEnabled"] == "true"
    assert encryption_of_the_application(keyed) == {"KeyType": "AWS_OWNED_KEY"}
    s3, bucket = keyed.aws.client("s3"), keyed.names["FirehoseDataStore"]
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    (rule,) = encryption["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
