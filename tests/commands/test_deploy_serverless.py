"""`deploy` of a template with SAM's transform, which CloudFormation turns into plain resources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from live_project import LiveProject
from miztiik_events.cloudformation import stacks
from small_projects import ARTIFACTS, empty_project

if TYPE_CHECKING:
    from shared_aws import TestAws

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11}}
Parameters: {ArtifactBucket: {Type: String}}
Resources:
  Shop: {Type: AWS::Events::EventBus, Properties: {Name: !Sub "${AWS::StackName}-bus"}}
  Packed: {Type: AWS::SQS::Queue}
  Pack:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ./pack
      Handler: app.handler
      Layers: [!Ref Words]
      Policies: [SQSSendMessagePolicy: {QueueName: !GetAtt Packed.QueueName}]
      Environment: {Variables: {PACKED_QUEUE_URL: !Ref Packed}}
      Events:
        Order:
          Type: EventBridgeRule
          Properties: {EventBusName: !Ref Shop, Pattern: {source: [shop]}}
  Words: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: ./words}}
Outputs:
  ShopName: {Value: !Ref Shop}
  PackedQueueUrl: {Value: !Ref Packed}
"""
PACK = """\
import json, os
import boto3, words

def handler(event, context):
    body = json.dumps({**event["detail"], "is": words.PACKED})
    boto3.client("sqs").send_message(QueueUrl=os.environ["PACKED_QUEUE_URL"], MessageBody=body)
"""


def test_its_function_takes_events_with_code_and_layer_from_the_templates_folder(
    local_aws: TestAws, tmp_path: Path
) -> None:
    sources = empty_project(tmp_path)
    sources.template("artifacts", ARTIFACTS)
    sources.template("pack", TEMPLATE)
    for name, text in (("pack/app.py", PACK), ("words/python/words.py", "PACKED = 'packed'\n")):
        path = sources.templates / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    project = LiveProject(local_aws, sources)
    done = project.deploy()
    assert done.returncode == 0, done.stderr
    found = stacks.describe(local_aws.client("cloudformation"), f"{project.name}-pack")
    assert found
    order = {
        "Source": "shop",
        "DetailType": "order",
        "Detail": json.dumps({"order": 1}),
        "EventBusName": found.outputs["ShopName"],
    }
    assert not local_aws.client("events").put_events(Entries=[order])["FailedEntryCount"]
    url = found.outputs["PackedQueueUrl"]
    answer = local_aws.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert json.loads(answer["Messages"][0]["Body"]) == {"order": 1, "is": "packed"}
    assert "Nothing changed: 2 stacks up to date." in project.deploy().stderr
