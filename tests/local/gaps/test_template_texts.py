"""Text is text to CloudFormation, also without quotes; and no alias is taken."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from shared_aws import TestAws

TEMPLATE = """\
Parameters:
  Flag: {Type: String, Default: true, AllowedValues: [true, false]}
  Size: {Type: Number, Default: 30}
Mappings: {Map: {Top: {is: false, size: 30}}}
Conditions:
  IsOn: {"Fn::Equals": [{Ref: Flag}, "true"]}
  IsBare: {"Fn::Equals": [{Ref: Flag}, true]}
  IsOff: {"Fn::Equals": [{"Fn::FindInMap": [Map, Top, is]}, "false"]}
  IsSize: {"Fn::Equals": [{Ref: Size}, {"Fn::FindInMap": [Map, Top, size]}]}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: {Ref: Size}
      Tags: [{Key: flag, Value: true}, {Key: n, Value: 7}]
Outputs:
  Flag: {Value: {Ref: Flag}}
  Met: {Value: {"Fn::Join": ["", [{"Fn::If": [IsOn, a, ""]}, {"Fn::If": [IsBare, b, ""]},
    {"Fn::If": [IsOff, c, ""]}, {"Fn::If": [IsSize, d, ""]}]]}}
  Joined: {Value: {"Fn::Join": ["-", [true, 1, false]]}}
  Filled: {Value: {"Fn::Sub": ["${a}", {a: true}]}}
  Queue: {Value: {Ref: Queue}}
"""


def outputs(aws: TestAws, body: str) -> dict[str, str]:
    client, stack = aws.client("cloudformation"), f"texts-{uuid.uuid4().hex}"
    client.create_stack(StackName=stack, TemplateBody=body)
    client.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    described = client.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in described}


@pytest.mark.parametrize("body", [TEMPLATE, json.dumps(yaml.safe_load(TEMPLATE))])
def test_what_is_wanted_as_text_is_text(local_aws: TestAws, body: str) -> None:
    told = outputs(local_aws, body)
    queue = told.pop("Queue")
    assert told == {"Flag": "true", "Met": "abcd", "Joined": "true-1-false", "Filled": "true"}
    tags = local_aws.client("sqs").list_queue_tags(QueueUrl=queue)["Tags"]
    assert {"flag": tags["flag"], "n": tags["n"]} == {"flag": "true", "n": "7"}


@pytest.mark.parametrize("call", ["create_stack", "create_change_set", "validate_template"])
def test_an_alias_is_refused(local_aws: TestAws, call: str) -> None:
    body = TEMPLATE.replace("{Key: n, Value: 7}", "&tag {Key: n, Value: 7}, *tag")
    names: dict[str, Any] = {"StackName": f"alias-{uuid.uuid4().hex}"}
    if call == "create_change_set":
        names.update(ChangeSetName="one", ChangeSetType="CREATE")
    client = local_aws.client("cloudformation")
    arguments = {} if call == "validate_template" else names
    with pytest.raises(ClientError, match="YAML aliases are not allowed in CloudFormation"):
        getattr(client, call)(TemplateBody=body, **arguments)


def test_an_asterisk_or_an_anchor_alone_is_no_alias(local_aws: TestAws) -> None:
    body = TEMPLATE.replace("Value: 7", 'Value: "*"').replace("Queue:\n", "Queue: &queue\n", 1)
    assert outputs(local_aws, body)["Flag"] == "true"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("VisibilityTimeout: {Ref: Size}", "VisibilityTimeout: ", "/Resources/Queue/Properties/"),
        ("Top: {is: false", "Top: {is: null", "/Mappings/Map/Top/is"),
        ("Queue: {Value: {Ref: Queue}}", "Queue: {Value: ~}", "/Outputs/Queue/Value"),
    ],
)
def test_a_null_is_refused_but_for_a_macro(
    local_aws: TestAws, old: str, new: str, place: str
) -> None:
    client, body = local_aws.client("cloudformation"), TEMPLATE.replace(old, new)
    with pytest.raises(ClientError, match=f".{place}.*'null' values are not allowed"):
        client.validate_template(TemplateBody=body)
    client.validate_template(TemplateBody=f"Transform: AWS::LanguageExtensions\n{body}")
