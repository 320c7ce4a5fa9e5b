"""What conditions compare is what it is elsewhere in the template."""

from __future__ import annotations

import uuid

from shared_aws import TestAws

TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: dev}
  Names: {Type: CommaDelimitedList, Default: "a,b"}
Mappings: {Stages: {dev: {size: small}, prod: {size: large}}}
Conditions:
  Here: !Equals [!Ref AWS::Region, us-east-1]
  There: !Equals [!Ref AWS::Region, eu-west-1]
  Mapped: !Equals [!FindInMap [Stages, !Ref Stage, size], small]
  Filled: !Equals [!Sub "${Stage}-${AWS::Region}", dev-us-east-1]
  Joined: !Equals [!Join ["|", !Ref Names], "a|b"]
  Selected: !Equals [!Select [1, !Ref Names], b]
  Split: !Equals [!Select [0, !Split ["-", "x-y"]], x]
  All: !And [!Condition Here, !Not [!Condition There], !Or [!Equals [1, 2], !Condition Mapped]]
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs:
  Met:
    Value: !Join
      - ","
      - - !If [Here, here, "-"]
        - !If [There, there, "-"]
        - !If [Mapped, mapped, "-"]
        - !If [Filled, filled, "-"]
        - !If [Joined, joined, "-"]
        - !If [Selected, selected, "-"]
        - !If [Split, split, "-"]
        - !If [All, all, "-"]
"""


def test_functions_and_pseudo_parameters_have_their_values(local_aws: TestAws) -> None:
    client, stack = local_aws.client("cloudformation"), f"conditions-{uuid.uuid4().hex}"
    client.create_stack(StackName=stack, TemplateBody=TEMPLATE)
    client.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    (output,) = client.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    assert output["OutputValue"] == "here,-,mapped,filled,joined,selected,split,all"
    client.delete_stack(StackName=stack)
