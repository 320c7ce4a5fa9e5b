"""The templates of the package: functions, and who may do what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from template_trees import TREES, Tree, having, listed, statements, target, walk

ROLE, FUNCTION, QUEUE = "AWS::IAM::Role", "AWS::Lambda::Function", "AWS::SQS::Queue"
DELIVERY = "AWS::KinesisFirehose::DeliveryStream"


def granted(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the role may do."""
    for policy in role["Policies"]:
        yield from statements(policy)


@having(FUNCTION)
def test_every_function_has_a_role_of_its_own(tree: Tree) -> None:
    functions = tree.properties(FUNCTION)
    for name, function in functions.items():
        role = target(function["Role"])
        assert role == name.replace("Function", "Role")
        assert [target(other["Role"]) for other in functions.values()].count(role) == 1
        trust = tree.properties(ROLE)[role]["AssumeRolePolicyDocument"]["Statement"]
        assert [one["Principal"] for one in trust] == [{"Service": "lambda.amazonaws.com"}]
        assert "ManagedPolicyArns" not in tree.properties(ROLE)[role]


@having(FUNCTION)
def test_every_function_writes_a_log_of_its_own_that_ends(tree: Tree) -> None:
    for name, function in tree.properties(FUNCTION).items():
        group = target(function["LoggingConfig"]["LogGroup"])
        assert group == name.replace("Function", "LogGroup")
        role = tree.properties(ROLE)[target(function["Role"])]
        writes = [one for one in granted(role) if "logs:PutLogEvents" in listed(one["Action"])]
        assert [target(one["Resource"]) for one in writes] == [group]


@having("AWS::Logs::LogGroup")
def test_every_log_group_forgets_when_the_person_says(tree: Tree) -> None:
    for name, group in tree.properties("AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name


@having(FUNCTION)
def test_what_a_function_fails_at_goes_somewhere(tree: Tree) -> None:
    retries = tree.properties("AWS::Lambda::EventInvokeConfig").values()
    batches = tree.properties("AWS::Lambda::EventSourceMapping").values()
    queues = tree.properties(QUEUE)
    kept = {target(one["FunctionName"]) for one in retries if one["DestinationConfig"]["OnFailure"]}
    kept |= {
        target(one["FunctionName"])
        for one in batches
        if "RedrivePolicy" in queues[target(one["EventSourceArn"])]
        and one["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    }
    outputs = {name: target(one["Value"]) for name, one in tree.data["Outputs"].items()}
    for delivery in (one for other in TREES for one in other.properties(DELIVERY).values()):
        destination = delivery["ExtendedS3DestinationConfiguration"]
        if destination["ErrorOutputPrefix"]:
            taken = map(target, walk(destination["ProcessingConfiguration"]))
            kept |= {outputs[name] for name in taken if name in outputs}
    assert tree.resources(FUNCTION).keys() <= kept


@having(FUNCTION)
def test_a_function_takes_the_code_of_its_name(tree: Tree) -> None:
    for name, function in tree.properties(FUNCTION).items():
        assert function["Code"] == {
            "S3Bucket": {"Ref": "ArtifactBucket"},
            "S3Key": {"Ref": name.replace("Function", "Code")},
        }


@having(ROLE)
def test_a_role_may_do_what_it_names_and_nothing_like_it(tree: Tree) -> None:
    for name, role in tree.properties(ROLE).items():
        for statement in granted(role):
            assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}, name
            for action in listed(statement["Action"]):
                service, _, verb = action.partition(":")
                assert service.islower()
                assert verb.isalnum(), f"{name}: {action}"


@having(ROLE)
def test_a_statement_about_everything_has_a_comment_that_says_why(tree: Tree) -> None:
    root = yaml.compose(tree.body, Loader=yaml.SafeLoader)
    resources = next(value for key, value in root.value if key.value == "Resources")
    ours = [node for key, node in resources.value if key.value in tree.resources(ROLE)]
    assert ours
    for line in (line for node in ours for line in wide_statements(node)):
        assert len(tree.comment_above(line).split()) > 3, f"line {line + 1}"


def wide_statements(node: yaml.Node) -> Iterator[int]:
    """The line of each statement whose resource is `*`, or whatever an account has of a kind."""
    if isinstance(node, yaml.MappingNode):
        entries = {key.value: value for key, value in node.value}
        if "Resource" in entries and any(is_star(one) for one in scalars(entries["Resource"])):
            yield node.start_mark.line
        for value in entries.values():
            yield from wide_statements(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from wide_statements(value)


def scalars(node: yaml.Node) -> list[str]:
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return [one.value for one in nodes if isinstance(one, yaml.ScalarNode)]


def is_star(resource: str) -> bool:
    return resource == "*" or resource.endswith(":*")


@having(ROLE)
def test_a_service_is_trusted_when_it_works_for_our_account_alone(tree: Tree) -> None:
    """Lambda too says for whom: its guide names both keys for the roles of functions.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-managed-policies.html
    Firehose says it by an external id: the account's number.
    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    """
    for name, role in tree.properties(ROLE).items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Action"] == "sts:AssumeRole"
        is_firehose = trust["Principal"] == {"Service": "firehose.amazonaws.com"}
        key = "sts:ExternalId" if is_firehose else "aws:SourceAccount"
        assert trust["Condition"]["StringEquals"] == {key: {"Ref": "AWS::AccountId"}}, name


def used(value: Any) -> set[str]:
    """The names that a part of a template refers to."""
    found = {one["Ref"] for one in walk(value) if isinstance(one, dict) and "Ref" in one}
    texts = [one["Fn::Sub"] for one in walk(value) if isinstance(one, dict) and "Fn::Sub" in one]
    return found | {name for text in texts for name in re.findall(r"\$\{(\w+)\}", str(text))}


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_what_gets_into_a_policy_or_into_sql_cannot_widen_it(tree: Tree) -> None:
    """A `*` in an ARN would be everybody's; a quote would end a text of SQL."""
    policies = [role["Policies"] for role in tree.properties(ROLE).values()]
    groups = [
        one["ApplicationConfiguration"]["EnvironmentProperties"]
        for one in tree.properties("AWS::KinesisAnalyticsV2::Application").values()
    ]
    for name in used([policies, groups]) & tree.parameters.keys():
        parameter = tree.parameters[name]
        if parameter["Type"] == "String":
            pattern = parameter["AllowedPattern"]
            assert not re.search(r"(?<!\\)\.[+*]|\[\^", pattern), name
            assert not re.search(pattern, "*"), name
            assert pattern.startswith("^"), name
            assert pattern.endswith("$"), name
