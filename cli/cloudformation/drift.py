"""Drift: where resources are no longer as their stack says, as CloudFormation detects it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..patience import side_by_side
from .stacks import PARALLEL_CALLS, Stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackResourceDriftTypeDef

    from ..patience import Patience


@dataclass(frozen=True)
class PropertyDrift:
    """A property, as a path such as /Tags/0/Value, that is not what the stack says."""

    path: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Drift:
    """A resource that somebody changed (MODIFIED) or removed (DELETED) past its stack."""

    stack: str
    logical_id: str
    type: str
    status: str
    properties: tuple[PropertyDrift, ...]


def detect(
    cloudformation: CloudFormationClient, which: Iterable[Stack], patience: Patience
) -> list[Drift]:
    """Every drift in these stacks, in their order; waits until CloudFormation has looked."""
    with side_by_side(PARALLEL_CALLS) as pool:
        by_stack = pool.map(lambda stack: _of_stack(cloudformation, stack, patience), which)
        return [drift for drifts in by_stack for drift in drifts]


def _of_stack(
    cloudformation: CloudFormationClient, stack: Stack, patience: Patience
) -> list[Drift]:
    detection = cloudformation.detect_stack_drift(StackName=stack.id)["StackDriftDetectionId"]
    for _ in patience.looks(f"drift detection of {stack.name}"):
        answer = cloudformation.describe_stack_drift_detection_status(
            StackDriftDetectionId=detection
        )
        # A detection that FAILED still tells of the resources that it could look at.
        if answer["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
    return [_drift(stack.name, described) for described in _drifted(cloudformation, stack)]


def _drifted(
    cloudformation: CloudFormationClient, stack: Stack
) -> Iterable[StackResourceDriftTypeDef]:
    request = {"StackName": stack.id}
    while True:
        answer = cloudformation.describe_stack_resource_drifts(
            StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
            **request,  # type: ignore[arg-type]
        )
        yield from answer["StackResourceDrifts"]
        if "NextToken" not in answer:
            return
        request["NextToken"] = answer["NextToken"]


def _drift(stack: str, described: StackResourceDriftTypeDef) -> Drift:
    return Drift(
        stack=stack,
        logical_id=described["LogicalResourceId"],
        type=described["ResourceType"],
        status=described["StackResourceDriftStatus"],
        properties=tuple(
            PropertyDrift(
                difference["PropertyPath"], difference["ExpectedValue"], difference["ActualValue"]
            )
            for difference in described.get("PropertyDifferences", [])
        ),
    )
