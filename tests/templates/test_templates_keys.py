"""The templates of the package: a customer's key encrypts everything, or none of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from filled_templates import filled
from key_use import ASKS
from repository import EXAMPLES
from template_trees import TREES, Tree, having, listed, statements, walk

KEY = "arn:aws:kms:us-east-1:000000000000:key/of-the-customer"
ROLE = "AWS::IAM::Role"
# Where a resource of each type names its key. A type that keeps something and is missing here fails
# in `test_every_kind_of_resource_is_known`.
DESTINATION = "ExtendedS3DestinationConfiguration.EncryptionConfiguration.KMSEncryptionConfig"
PLACES = {
    "AWS::Athena::WorkGroup": [
        "WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.KmsKey"
    ],
    "AWS::DynamoDB::Table": ["SSESpecification.KMSMasterKeyId"],
    "AWS::Events::Archive": ["KmsKeyIdentifier"],
    "AWS::Events::EventBus": ["KmsKeyIdentifier"],
    "AWS::Kinesis::Stream": ["StreamEncryption.KeyId"],
    "AWS::KinesisAnalyticsV2::Application": [
        "ApplicationConfiguration.ApplicationEncryptionConfiguration.KeyId"
    ],
    "AWS::KinesisFirehose::DeliveryStream": [
        "DeliveryStreamEncryptionConfigurationInput.KeyARN",
        f"{DESTINATION}.AWSKMSKeyARN",
    ],
    "AWS::Lambda::Function": ["KmsKeyArn"],
    "AWS::Logs::LogGroup": ["KmsKeyId"],
    "AWS::S3::Bucket": [
        "BucketEncryption.ServerSideEncryptionConfiguration.0"
        ".ServerSideEncryptionByDefault.KMSMasterKeyID"
    ],
    "AWS::SNS::Topic": ["KmsMasterKeyId"],
    "AWS::SQS::Queue": ["KmsMasterKeyId"],
}
# They keep no data of anybody's, or keep it in one of the above.
KEEP_NOTHING = {
    *("AWS::Athena::NamedQuery", "AWS::Glue::Database", "AWS::Glue::Table"),
    *("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::Events::Rule", ROLE),
    "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption",
    *("AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"),
    *("AWS::Lambda::Permission", "AWS::Logs::LogStream", "AWS::S3::BucketPolicy"),
    *("AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"),
}


def with_key(tree: Tree) -> Tree:
    return filled(tree, {"KmsKeyArn": KEY})


def at(properties: Any, path: str) -> Any:
    """The value at a path of names and numbers; None where there is nothing."""
    for step in path.split("."):
        try:
            properties = properties[int(step) if step.isdigit() else step]
        except (KeyError, IndexError):
            return None
    return properties


def test_every_kind_of_resource_is_known() -> None:
    types = {one["Type"] for tree in TREES for one in tree.resources().values()}
    assert types == PLACES.keys() | KEEP_NOTHING


@pytest.mark.parametrize("type_", PLACES)
def test_what_keeps_something_keeps_it_with_the_key_that_is_given(type_: str) -> None:
    found = [
        (name, properties)
        for tree in map(with_key, TREES)
        for name, properties in tree.properties(type_).items()
    ]
    assert found
    for name, properties in found:
        # What is read from a stream is encrypted there: Firehose takes no key for it.
        of_stream = "KinesisStreamSourceConfiguration" in properties
        places = PLACES[type_][of_stream:]
        assert [at(properties, path) for path in places] == [KEY] * len(places), name


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_without_a_key_nothing_asks_for_one(tree: Tree) -> None:
    default = filled(tree, {})
    for type_, paths in PLACES.items():
        for name, properties in default.properties(type_).items():
            keys = {at(properties, path) for path in paths} - {None, "alias/aws/kinesis"}
            assert not keys, name
    assert not [text for text in walk(default.data["Resources"]) if str(text).startswith("kms:")]


@having("AWS::SQS::Queue")
def test_a_queue_has_one_way_of_encryption(tree: Tree) -> None:
    """SQS refuses both at once."""
    for given, own in (({}, True), ({"KmsKeyArn": KEY}, False)):
        for queue in filled(tree, given).properties("AWS::SQS::Queue").values():
            assert queue["SqsManagedSseEnabled"] is own
            assert ("KmsMasterKeyId" in queue) is not own


@having("AWS::S3::Bucket")
def test_a_bucket_is_logged_where_the_person_says(tree: Tree) -> None:
    logged = filled(tree, {"AccessLogBucket": "logs"}).properties("AWS::S3::Bucket")
    for bucket in logged.values():
        assert bucket["LoggingConfiguration"] == {
            "DestinationBucketName": "logs",
            "LogFilePrefix": {"Fn::Sub": "${AWS::StackName}/"},
        }
    for bucket in filled(tree, {}).properties("AWS::S3::Bucket").values():
        assert "LoggingConfiguration" not in bucket


def asked(role: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the role may do with keys, and with which."""
    for policy in role["Policies"]:
        for statement in statements(policy):
            for action in listed(statement["Action"]):
                if action.startswith("kms:"):
                    yield action, statement["Resource"]


def test_a_role_may_do_with_the_key_what_it_needs() -> None:
    roles = {
        name: set(asked(role))
        for tree in map(with_key, TREES)
        for name, role in tree.properties(ROLE).items()
    }
    assert roles == {name: {(action, KEY) for action in ASKS[name]} for name in roles}
    assert roles.keys() == ASKS.keys()


def test_the_ready_keys_policy_lets_in_every_service_that_works_on_its_own() -> None:
    """The others ask in the name of the role or the person that calls them."""
    key = Tree("kms-key", (EXAMPLES / "kms-key.yaml").read_text("utf-8"))
    ((_, properties),) = key.properties("AWS::KMS::Key").items()
    services = {
        str(service)
        for one in properties["KeyPolicy"]["Statement"]
        for service in listed(one["Principal"].get("Service", []))
    }
    assert services == {
        "events.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "kinesisanalytics.amazonaws.com",
        "infrastructure.kinesisanalytics.amazonaws.com",
        str({"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"}),
    }
    assert properties["EnableKeyRotation"] is True
    for one in properties["KeyPolicy"]["Statement"]:
        if "Service" in one["Principal"] and one["Action"] != "kms:DescribeKey":
            assert "kms:EncryptionContext:" in str(one["Condition"]), one["Sid"]


@pytest.mark.parametrize("name", ["kms-key", "access-log-bucket"])
def test_a_ready_template_gives_the_parameter_that_the_templates_take(name: str) -> None:
    outputs = Tree(name, (EXAMPLES / f"{name}.yaml").read_text("utf-8")).data["Outputs"]
    taken = {parameter for tree in TREES for parameter in tree.parameters}
    assert len(outputs.keys() & taken) == 1
