"""What changes without a template's text."""

from __future__ import annotations

import pytest

from miztiik_events.cloudformation import template, template_folder
from miztiik_events.cloudformation.outside import may_have_changed, says_the_same

QUEUE = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n"


def of(text: str, *values: str) -> bool:
    return may_have_changed(template.parse("t", "t.yaml", text), values)


@pytest.mark.parametrize(
    "text",
    [
        "Parameters:\n  A: {Type: AWS::SSM::Parameter::Value<String>}\n" + QUEUE,
        "Parameters:\n  A: {Type: 'AWS::SSM::Parameter::Value<List<String>>'}\n" + QUEUE,
        QUEUE + "    Properties: {QueueName: '{{resolve:ssm:/name}}'}\n",
        QUEUE + "    Properties: {QueueName: '{{resolve:secretsmanager:a:SecretString:b}}'}\n",
        "Transform: AWS::Serverless-2016-10-31\n" + QUEUE,
        "Transform: [Mine, AWS::LanguageExtensions]\n" + QUEUE,
        "Transform:\n  - AWS::LanguageExtensions\n  - Mine\n" + QUEUE,
        "Transform:\n  Name: AWS::Include\n  Parameters: {Location: s3://a/b}\n" + QUEUE,
        QUEUE + "    Properties:\n      Fn::Transform: {Name: AWS::Include}\n",
        QUEUE + "    Properties: {A: {Fn::GetStackOutput: {StackName: a, OutputName: b}}}\n",
        QUEUE + "    Properties: !Transform {Name: Mine}\n",
        '{"Transform": "Mine", "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}',
        "Resources: {Child: {Type: AWS::CloudFormation::Stack}}",
        "Resources: {Set: {Type: AWS::CloudFormation::StackSet}}",
        "Resources: {Mine: {Type: 'My::S3::Bucket::MODULE'}}",
    ],
)
def test_cloudformation_is_asked_about(text: str) -> None:
    assert of(text)


@pytest.mark.parametrize(
    "text",
    [
        QUEUE,
        "Parameters:\n  A: {Type: AWS::SSM::Parameter::Name}\n" + QUEUE,
        QUEUE + "    Properties: {QueueName: '{{resolve:ssm:/name:3}}'}\n",
        "Transform: AWS::LanguageExtensions\n" + QUEUE,
        'Transform: "AWS::LanguageExtensions"\n' + QUEUE,
        "Description: A transformer.\n" + QUEUE,
        "Resources: {TransformerFunction: {Type: AWS::Lambda::Function}}",
    ],
)
def test_it_is_not_asked_in_vain_about(text: str) -> None:
    assert not of(text, "3")


def test_a_value_may_be_a_reference() -> None:
    assert of(QUEUE, "{{resolve:ssm:/name}}")


@pytest.mark.parametrize(
    "other",
    [
        QUEUE + "# a comment\n",
        "Resources: {Queue: {Type: AWS::SQS::Queue}}",
        '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}',
    ],
)
def test_comments_and_layout_are_the_same_template(other: str) -> None:
    assert says_the_same(QUEUE, other)


@pytest.mark.parametrize(
    "other",
    [
        "Description: d\n" + QUEUE,
        QUEUE.replace("SQS::Queue", "SNS::Topic"),
        QUEUE + "    DependsOn: [A]\n",
        QUEUE.replace("AWS::SQS::Queue", "!Ref AWS::SQS::Queue"),
        "",
    ],
)
def test_all_else_is_another_one(other: str) -> None:
    assert not says_the_same(QUEUE, other)


def test_the_templates_of_the_project_stand_for_themselves() -> None:
    moving = [
        source.name
        for source in template_folder.read().templates
        if may_have_changed(
            source, [parameter.default or "" for parameter in source.parameters.values()]
        )
    ]
    assert not moving
