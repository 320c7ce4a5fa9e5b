"""The templates of the package: how queues, buckets, streams and tables keep what they hold."""

from __future__ import annotations

from typing import Any

from template_trees import Tree, having, listed, statements, target

QUEUE, BUS = "AWS::SQS::Queue", "AWS::Events::EventBus"


def denies_without_tls(statement: dict[str, Any], actions: str) -> bool:
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Action"] == actions
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    )


@having(QUEUE)
def test_every_queue_is_encrypted_and_takes_nothing_without_tls(tree: Tree) -> None:
    policies = tree.properties("AWS::SQS::QueuePolicy").values()
    for name, queue in tree.properties(QUEUE).items():
        assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasKmsKey", False, True]}, name
        (policy,) = (one for one in policies if name in map(target, one["Queues"]))
        (denial,) = (one for one in statements(policy) if denies_without_tls(one, "sqs:*"))
        assert denial["Resource"] == "*" or target(denial["Resource"]) == name


@having(QUEUE)
def test_a_queue_takes_messages_of_its_own_rules_alone(tree: Tree) -> None:
    for policy in tree.properties("AWS::SQS::QueuePolicy").values():
        for statement in statements(policy):
            if statement["Effect"] == "Allow":
                assert statement["Action"] == "sqs:SendMessage"
                sources = listed(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
                senders = tree.resources("AWS::Events::Rule") | tree.resources(BUS)
                assert {target(one) for one in sources} <= senders.keys()
                assert sources


@having("AWS::Events::Rule")
def test_what_a_rule_cannot_deliver_goes_to_a_queue_that_takes_it(tree: Tree) -> None:
    policies = tree.properties("AWS::SQS::QueuePolicy").values()
    for name, rule in tree.properties("AWS::Events::Rule").items():
        for one in rule["Targets"]:
            queue = target(one["DeadLetterConfig"]["Arn"])
            (policy,) = (p for p in policies if queue in map(target, p["Queues"]))
            allowed = [
                target(source)
                for statement in statements(policy)
                if statement["Effect"] == "Allow"
                for source in listed(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
            ]
            assert name in allowed


@having("AWS::S3::Bucket")
def test_every_bucket_is_private_encrypted_versioned_and_takes_nothing_without_tls(
    tree: Tree,
) -> None:
    policies = tree.properties("AWS::S3::BucketPolicy").values()
    for name, bucket in tree.properties("AWS::S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        (policy,) = (one for one in policies if target(one["Bucket"]) == name)
        (denial,) = (one for one in statements(policy) if denies_without_tls(one, "s3:*"))
        assert denial["Resource"] == [
            {"Fn::GetAtt": f"{name}.Arn"},
            {"Fn::Join": ["", [{"Fn::GetAtt": f"{name}.Arn"}, "/*"]]},
        ]


@having("AWS::Kinesis::Stream")
def test_every_stream_is_encrypted(tree: Tree) -> None:
    for stream in tree.properties("AWS::Kinesis::Stream").values():
        assert stream["StreamEncryption"]["EncryptionType"] == "KMS"


@having("AWS::DynamoDB::Table")
def test_every_table_is_encrypted_and_can_be_put_back_in_time(tree: Tree) -> None:
    for table in tree.properties("AWS::DynamoDB::Table").values():
        assert table["SSESpecification"]["SSEEnabled"] is True
        recovery = table["PointInTimeRecoverySpecification"]
        assert recovery == {"PointInTimeRecoveryEnabled": True}
