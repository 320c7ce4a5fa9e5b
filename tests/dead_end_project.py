"""A project with a bus, dead-letter queues and a consumer's queue, and nobody who takes events."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import command_line
import terminal
from waiting import until

if TYPE_CHECKING:
    from conftest import TestAws

# The log group is of component `dispatch`, which is the name of the stack's template.
TEMPLATE = """
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: !Ref AWS::StackName}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {account: [!Ref AWS::AccountId]}
      Targets: [{Id: taken, Arn: !GetAtt Taken.Arn}]
  Taken:
    Type: AWS::SQS::Queue
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Taken]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: sqs:SendMessage,
             Resource: "*"}
  Rejected:
    Type: AWS::SQS::Queue
  RuleDeadLetters:
    Type: AWS::SQS::Queue
  Queue:
    Type: AWS::SQS::Queue
  DeadLetters:
    Type: AWS::SQS::Queue
  Log:
    Type: AWS::Logs::LogGroup
Outputs:
  EventBusName: {Value: !Ref Bus}
  TakenUrl: {Value: !Ref Taken}
  RejectedEventsQueueUrl: {Value: !Ref Rejected}
  RuleDeadLetterQueueUrl: {Value: !Ref RuleDeadLetters}
  DispatchQueueName: {Value: !GetAtt Queue.QueueName}
  DispatchQueueUrl: {Value: !Ref Queue}
  DispatchDeadLetterQueueUrl: {Value: !Ref DeadLetters}
  LogName: {Value: !Ref Log}
"""
TAKEN, DISPATCH = "TakenUrl", "DispatchQueueUrl"
REJECTED, RULE = "RejectedEventsQueueUrl", "RuleDeadLetterQueueUrl"
DEAD_LETTERS = "DispatchDeadLetterQueueUrl"


@contextlib.contextmanager
def dead_end_project(aws: TestAws) -> Iterator[DeadEndProject]:
    """A project of its own, deployed for as long as the block runs."""
    cloudformation, name = aws.client("cloudformation"), f"dead-{uuid.uuid4().hex[:8]}"
    stack = f"{name}-dispatch"
    cloudformation.create_stack(StackName=stack, TemplateBody=TEMPLATE)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 0.2}
    )
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in described["Outputs"]}
    try:
        yield DeadEndProject(aws, name, outputs)
    finally:
        cloudformation.delete_stack(StackName=stack)


@dataclass(frozen=True)
class DeadEndProject:
    """Queues are named by the outputs that have their addresses."""

    aws: TestAws
    name: str
    outputs: Mapping[str, str]

    def run(self, *arguments: str) -> CompletedProcess[str]:
        return command_line.run(self.aws.environment, "redrive", "--project", self.name, *arguments)

    def typed(self, answer: str, *arguments: str) -> tuple[int, str]:
        """The same on a terminal, with this answer."""
        asked = ("redrive", "--project", self.name, *arguments)
        return terminal.run(self.aws.environment, *asked, typed=answer)

    def put(self, queue: str, event: object, **told: str) -> str:
        """A message with the event, and what EventBridge tells of it; the message's id."""
        answer = self.aws.client("sqs").send_message(
            QueueUrl=self.outputs[queue],
            MessageBody=event if isinstance(event, str) else json.dumps(event),
            MessageAttributes={
                key: {"DataType": "String", "StringValue": text} for key, text in told.items()
            },
        )
        return str(answer["MessageId"])

    def take(self, queue: str, count: int) -> list[str]:
        """Wait for so many messages, and take them away; more than these are an error."""
        sqs, url, found = self.aws.client("sqs"), self.outputs[queue], []

        def all_there() -> bool:
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                found.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= count and not answer.get("Messages")

        until(all_there, f"{count} messages in {queue}")
        assert len(found) == count
        return found

    def visible(self, queue: str) -> int:
        """How many messages anybody would get at once."""
        name = "ApproximateNumberOfMessages"
        answer = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[queue], AttributeNames=[name]
        )
        return int(answer["Attributes"][name])

    def clear(self) -> None:
        for queue in (TAKEN, DISPATCH, REJECTED, RULE, DEAD_LETTERS):
            self.aws.client("sqs").purge_queue(QueueUrl=self.outputs[queue])

    def log(self, entry: Mapping[str, Any]) -> None:
        logs, stream = self.aws.client("logs"), uuid.uuid4().hex
        logs.create_log_stream(logGroupName=self.outputs["LogName"], logStreamName=stream)
        event = {"timestamp": int(time.time() * 1000), "message": json.dumps(entry)}
        logs.put_log_events(
            logGroupName=self.outputs["LogName"], logStreamName=stream, logEvents=[event]
        )
