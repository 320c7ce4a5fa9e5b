"""The stacks of a project as CloudFormation holds them: status, parameters, outputs, tags."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..errors import NotDeployedError, UnknownStackError
from ..text import did_you_mean
from . import template

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import TemplateStageType
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

# The outputs that the program relies on, whatever the templates are that have them.
ANALYTICS = "AnalyticsApplicationName"
ARTIFACTS = "ArtifactBucket"
DASHBOARD = "DashboardName"
DATA_STORE = "FirehoseDataStore"
DELIVERY_STREAM = "DeliveryStreamName"
ENRICHMENT = "EnrichmentFunction"
EVENT_BUS = "EventBusName"
HEARTBEAT = "HeartbeatFunction"
LAKE_DATABASE = "LakeDatabase"
LAKE_DELIVERY_STREAM = "LakeDeliveryStreamName"
LAKE_FIRST_DAY = "LakeFirstDay"
PRODUCER = "StreamDataProcessor"
QUERY_WORKGROUP = "QueryWorkGroup"
RECOMPUTATION = "RecomputationApplicationName"
REJECTED_EVENTS = "RejectedEventsQueueUrl"
SALES_STREAM = "SalesStreamName"
SHARDS = "ShardCount"
# Parameters that it looks at, in the same way.
BUFFER_SECONDS = "BufferIntervalSeconds"
LAKE_BUFFER_SECONDS = "LakeBufferIntervalSeconds"
LATENESS_SECONDS = "AllowedLatenessSeconds"
RETENTION_HOURS = "StreamRetentionHours"
WINDOW_SECONDS = "WindowSeconds"

PROJECT_TAG = "miztiik-events:project"
TEMPLATE_TAG = "miztiik-events:template"
# What a stack takes beside these two, of the 50 that it may have.
MOST_TAGS = 48
# AWS's own, which nobody else may give.
_RESERVED = "aws:"
# CloudFormation's own, on what it makes.
STACK_TAG = "aws:cloudformation:stack-name"
STACK_ID_TAG = "aws:cloudformation:stack-id"
# An operation failed that was told not to roll back.
UNFINISHED = ("CREATE_FAILED", "UPDATE_FAILED")
# Below the ten connections that a boto3 client keeps.
PARALLEL_CALLS = 8


@dataclass(frozen=True)
class Stack:
    """One stack as it is now; `id` stays valid when the stack is deleted, its name does not.

    `exports` are the names of its exports, `root` the id of the stack that a nested one is part of.
    """

    name: str
    id: str
    status: str
    reason: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    tags: Mapping[str, str]
    updated: datetime
    is_protected: bool = False
    created: datetime | None = None
    exports: frozenset[str] = frozenset()
    root: str = ""

    @property
    def is_nested(self) -> bool:
        return self.root not in ("", self.id)

    @property
    def is_shell(self) -> bool:
        """A change set was made for it and never executed: there is nothing in it."""
        return self.status == "REVIEW_IN_PROGRESS"

    @property
    def is_vacant(self) -> bool:
        """There is nothing in it, and no update goes from it: it is created, if need be anew."""
        return self.is_shell or self.status == "ROLLBACK_COMPLETE"

    @property
    def is_busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and not self.is_shell

    @property
    def is_failing(self) -> bool:
        """Whether its creation failed, be it that what was made is still being deleted."""
        return self.status.startswith(("DELETE_", "ROLLBACK_")) or self.status == "CREATE_FAILED"

    @property
    def can_be_planned(self) -> bool:
        """Whether CloudFormation makes a change set for it, or it is to be created anew."""
        return not (self.is_busy or self.status.endswith("_FAILED"))

    @property
    def can_be_rolled_back(self) -> bool:
        """Whether the last operation failed, and its rollback was not asked for, or failed, too."""
        return self.status in (*UNFINISHED, "UPDATE_ROLLBACK_FAILED")

    @property
    def has_failed(self) -> bool:
        return self.status.endswith("_FAILED") or self.status == "ROLLBACK_COMPLETE"


def tag_problem(name: str, value: str) -> str | None:
    """What CloudFormation has against a tag, None when it takes it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
    """
    if name.lower().startswith(_RESERVED):
        return "names that begin with aws: are AWS's own"
    if not 1 <= len(name) <= 128:
        return "its name may have up to 128 characters"
    if not 1 <= len(value) <= 256:
        return "its value has to have 1 to 256 characters"
    return None


def stack_name(project: str, template_name: str) -> str:
    return f"{project}-{template_name}"


def named(project: str, words: Iterable[str], names: Collection[str]) -> frozenset[str]:
    """Those of the stacks' names that the words stand for: a template, or the stack's whole name.

    Raises UnknownStackError.
    """
    found = {word: word if word in names else stack_name(project, word) for word in words}
    unknown = [word for word, name in found.items() if name not in names]
    if unknown:
        known = sorted(name.removeprefix(f"{project}-") for name in names)
        raise UnknownStackError(unknown, known, did_you_mean(unknown, known))
    return frozenset(found.values())


def describe(cloudformation: CloudFormationClient, name_or_id: str) -> Stack | None:
    """The stack, or None when there is none (a deleted one is none)."""
    from botocore.exceptions import ClientError

    try:
        answer = cloudformation.describe_stacks(StackName=name_or_id)
    except ClientError as error:
        # CloudFormation has no code of its own for a stack that does not exist.
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise
    stack = _stack(answer["Stacks"][0])
    return None if stack.status == "DELETE_COMPLETE" else stack


def of_project(cloudformation: CloudFormationClient, project: str) -> dict[str, Stack]:
    """The project's stacks, by stack name: those that `belonging` finds."""
    return belonging(every_live(cloudformation), project)


def every_live(cloudformation: CloudFormationClient) -> list[Stack]:
    """Every stack of the account and region, whoever made it."""
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    everything = (_stack(described) for page in pages for described in page["Stacks"])
    return [stack for stack in everything if stack.status != "DELETE_COMPLETE"]


def belonging(everything: Iterable[Stack], project: str) -> dict[str, Stack]:
    """Those of the project, by stack name: with its tag, or named like one of its templates.

    The tag decides where there is one: `sales-data` may have a template `store`, whose stack then
    has the name of the stack `data-store` of `sales`. A nested stack has the tags of its root, and
    comes and goes with it: it is none of these.
    """
    names = {stack_name(project, name) for name in template.names()}
    return {
        stack.name: stack
        for stack in everything
        if not stack.is_nested
        and stack.tags.get(PROJECT_TAG, project if stack.name in names else None) == project
    }


@dataclass(frozen=True)
class StackResource:
    """A resource of a stack as CloudFormation lists it; one not made yet has no physical id."""

    logical_id: str
    type: str
    physical_id: str
    status: str
    reason: str

    @property
    def is_there(self) -> bool:
        return bool(self.physical_id) and self.status != "DELETE_COMPLETE"


def resources(cloudformation: CloudFormationClient, stack: Stack) -> list[StackResource]:
    """Every resource that the stack has or had."""
    return resources_of(cloudformation, stack.id)


def resources_of(cloudformation: CloudFormationClient, stack_id: str) -> list[StackResource]:
    """The same by the stack's id."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    return [
        StackResource(
            logical_id=resource["LogicalResourceId"],
            type=resource["ResourceType"],
            physical_id=resource.get("PhysicalResourceId", ""),
            status=resource["ResourceStatus"],
            reason=resource.get("ResourceStatusReason", ""),
        )
        for page in pages
        for resource in page["StackResourceSummaries"]
    ]


def importers(cloudformation: CloudFormationClient, export: str) -> list[str]:
    """The names of the stacks that import it."""
    from botocore.exceptions import ClientError

    pages = cloudformation.get_paginator("list_imports").paginate(ExportName=export)
    try:
        return [name for page in pages for name in page.get("Imports", [])]
    except ClientError as error:
        # CloudFormation has no empty list of them.
        if "is not imported" in error.response["Error"].get("Message", ""):
            return []
        raise


def failed_resources(cloudformation: CloudFormationClient, stack: Stack) -> list[StackResource]:
    """Those on which the stack's last operation failed."""
    return [
        resource
        for resource in resources(cloudformation, stack)
        if resource.status.endswith("_FAILED")
    ]


def project_outputs(cloudformation: CloudFormationClient, project: str) -> dict[str, str]:
    """The outputs of all stacks of the project in one; what is not deployed is not in it."""
    return outputs_of(of_project(cloudformation, project).values())


def outputs_of(deployed: Iterable[Stack]) -> dict[str, str]:
    """The outputs of all these stacks in one; of two that have the same, that of the newer stack.

    Templates that are deployed together cannot have the same output. But a stack stays when its
    template is renamed or left out of a later deploy: what was deployed last is what is meant.
    """
    oldest_first = sorted(deployed, key=lambda stack: (stack.updated, stack.name))
    return {key: value for stack in oldest_first for key, value in stack.outputs.items()}


def with_output(deployed: Iterable[Stack], output: str, project: str) -> Stack:
    """The stack whose output of this name is in `outputs_of`; raises NotDeployedError."""
    deployed = tuple(deployed)
    having = [stack for stack in deployed if output in stack.outputs]
    if not having:
        raise NotDeployedError(output, project, has_stacks=bool(deployed))
    return max(having, key=lambda stack: (stack.updated, stack.name))


def retention(deployed: Iterable[Stack]) -> timedelta:
    """How long the stream keeps an event: what its stack was deployed with, a day if it says none.

    A day is what every stream has at least.
    """
    return timedelta(hours=max(24, _largest(deployed, RETENTION_HOURS)))


def buffering(deployed: Iterable[Stack]) -> timedelta:
    """How long Firehose collects results, by what its stack was deployed with."""
    return timedelta(seconds=_largest(deployed, BUFFER_SECONDS))


def lake_buffering(deployed: Iterable[Stack]) -> timedelta:
    """How long Firehose collects the lake's sales, in the same way."""
    return timedelta(seconds=_largest(deployed, LAKE_BUFFER_SECONDS))


def _largest(deployed: Iterable[Stack], parameter: str) -> int:
    """The largest number that the parameter has in one of the stacks; 0 where none has one."""
    values = (stack.parameters.get(parameter, "") for stack in deployed)
    return max((int(value) for value in values if value.isdecimal()), default=0)


def require(outputs: Mapping[str, str], name: str, project: str) -> str:
    """The output's value; raises NotDeployedError, which says what to run, when there is none."""
    try:
        return outputs[name]
    except KeyError:
        raise NotDeployedError(name, project, has_stacks=bool(outputs)) from None


def body(
    cloudformation: CloudFormationClient, name: str, stage: TemplateStageType = "Original"
) -> str:
    """The template that the stack was last deployed with, as it was sent, or processed."""
    answer = cloudformation.get_template(StackName=name, TemplateStage=stage)
    text: Any = answer["TemplateBody"]
    # botocore reads templates that are JSON; as text, they are YAML, too.
    return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)


def _stack(described: StackTypeDef) -> Stack:
    return Stack(
        name=described["StackName"],
        id=described.get("StackId", described["StackName"]),
        status=described["StackStatus"],
        reason=described.get("StackStatusReason", ""),
        parameters={
            item["ParameterKey"]: item.get("ParameterValue", "")
            for item in described.get("Parameters", [])
        },
        outputs={
            item["OutputKey"]: item.get("OutputValue", "") for item in described.get("Outputs", [])
        },
        # Those of AWS itself cannot be given back to it.
        tags={
            item["Key"]: item["Value"]
            for item in described.get("Tags", [])
            if not item["Key"].startswith(_RESERVED)
        },
        updated=described.get("LastUpdatedTime", described["CreationTime"]),
        is_protected=described.get("EnableTerminationProtection", False),
        created=described["CreationTime"],
        exports=frozenset(
            item["ExportName"] for item in described.get("Outputs", []) if "ExportName" in item
        ),
        root=described.get("RootId", ""),
    )
