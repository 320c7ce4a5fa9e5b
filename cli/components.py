"""The components of a project: the short names by which a person knows the parts that log."""

from __future__ import annotations

import re
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from .cloudformation import stacks
from .cloudformation.stacks import PARALLEL_CALLS, Stack
from .errors import NotDeployedError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

LOG_GROUP = "AWS::Logs::LogGroup"
_SUFFIX = "LogGroup"


def component(template_name: str, log_group: str, resources: Collection[str]) -> str:
    """Whose a log group is, by the logical ids of it and of all resources of its template.

    A function's is named after the function (`ProducerLogGroup` beside `ProducerFunction`:
    producer), any other after the template.
    """
    role = log_group[: -len(_SUFFIX)] if log_group.endswith(_SUFFIX) else ""
    if role and f"{role}Function" in resources:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", role).lower()
    return template_name


def log_groups(cloudformation: CloudFormationClient, project: str) -> dict[str, str]:
    """The component of each log group of the project's stacks, by the group's name.

    Raises NotDeployedError when there are no stacks.
    """
    deployed = stacks.belonging(stacks.every_live(cloudformation), project)
    if not deployed:
        raise NotDeployedError("stack", project)
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        found = pool.map(lambda stack: _of_stack(cloudformation, project, stack), deployed.values())
        return {group: name for one in found for group, name in one.items()}


def _of_stack(cloudformation: CloudFormationClient, project: str, stack: Stack) -> dict[str, str]:
    listed = stacks.resources(cloudformation, stack)
    logical_ids = {one.logical_id for one in listed}
    return {
        one.physical_id: component(_template_name(project, stack), one.logical_id, logical_ids)
        for one in listed
        if one.type == LOG_GROUP and one.is_there
    }


def _template_name(project: str, stack: Stack) -> str:
    return stack.tags.get(stacks.TEMPLATE_TAG) or stack.name[len(f"{project}-") :]
