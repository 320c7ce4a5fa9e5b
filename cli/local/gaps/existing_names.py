"""CloudFormation creates nothing whose name is taken.

MiniStack takes over what has that name, and empties it. On AWS it is an error, for which every
resource's handler is tested; what exists already has to be imported.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html
"""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any, Callable

from ..requirements import require

RULE = "AWS::Events::Rule"
# By the resource's type: the property with its name, and where the service has all that exist.
KINDS = {
    "AWS::Athena::WorkGroup": ("Name", "athena", "_workgroups"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "cloudwatch", "_alarms"),
    "AWS::CloudWatch::Dashboard": ("DashboardName", "cloudwatch", "_dashboards"),
    "AWS::DynamoDB::GlobalTable": ("TableName", "dynamodb", "_tables"),
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", "_tables"),
    "AWS::Events::EventBus": ("Name", "eventbridge", "_event_buses"),
    RULE: ("Name", "eventbridge", "_rules"),
    "AWS::IAM::Role": ("RoleName", "iam", "_roles"),
    "AWS::Kinesis::Stream": ("Name", "kinesis", "_streams"),
    "AWS::KinesisAnalyticsV2::Application": (
        *("ApplicationName", "kinesisanalyticsv2", "_applications"),
    ),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamName", "firehose", "_streams"),
    "AWS::Lambda::Function": ("FunctionName", "lambda_svc", "_functions"),
    "AWS::Logs::LogGroup": ("LogGroupName", "cloudwatch_logs", "_log_groups"),
    "AWS::SNS::Topic": ("TopicName", "sns", "_topics"),
    "AWS::SQS::Queue": ("QueueName", "sqs", "_queue_name_to_url"),
    "AWS::SSM::Parameter": ("Name", "ssm", "_parameters"),
    "AWS::SecretsManager::Secret": ("Name", "secretsmanager", "_secrets"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", "stepfunctions", "_state_machines"),
}
Properties = dict[str, Any]


def fill() -> None:
    from ministack.services.cloudformation import provisioners

    require(provisioners, "_RESOURCE_HANDLERS")
    for kind, (_, service, names) in KINDS.items():
        require(importlib.import_module(f"ministack.services.{service}"), names)
        handler = provisioners._RESOURCE_HANDLERS[kind]
        handler["create"] = partial(_create, kind, handler["create"])


def _create(
    kind: str,
    create: Callable[[str, Properties, str], Any],
    logical_id: str,
    properties: Properties,
    stack: str,
) -> Any:
    """What `create` makes; raises ValueError for a name that a person gave and that is taken."""
    name = properties.get(KINDS[kind][0])
    if name and _is_taken(kind, name, properties):
        raise ValueError(
            f"Resource of type '{kind}' with identifier '{name}' already exists. "
            "(HandlerErrorCode: AlreadyExists)"
        )
    return create(logical_id, properties, stack)


def _is_taken(kind: str, name: str, properties: Properties) -> bool:
    _, service, names = KINDS[kind]
    present = getattr(importlib.import_module(f"ministack.services.{service}"), names)
    if kind == RULE:
        # A bus is given by its name or its ARN.
        bus = str(properties.get("EventBusName", "default")).rpartition("/")[2]
        return f"{bus}|{name}" in present
    # Some services have them by ARN.
    return name in present or any(str(key).endswith(f":{name}") for key in present)
