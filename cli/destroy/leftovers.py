"""What is left of a project after its removal: resources that carry its tags, and log groups.

The Resource Groups Tagging API lists deleted resources for a while, and no roles at all. So roles
are asked for their tags, and what CloudFormation made is gone when the stack's events, which AWS
keeps for ninety days, say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from ..cloudformation import events
from ..cloudformation.progress import Listener, Note, ignore
from ..cloudformation.stacks import PROJECT_TAG, STACK_ID_TAG, STACK_TAG
from . import log_groups
from .inventory import REFUSED

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient

    from .inventory import Inventory

# GetResources takes as many values of a tag.
MOST_VALUES = 20
LEFT, RETAINED, GONE = "left", "retained", "gone"
_FATES = {"DELETE_COMPLETE": GONE, "DELETE_SKIPPED": RETAINED}

Tagged = tuple[str, Mapping[str, str]]


@dataclass(frozen=True)
class Leftovers:
    """ARNs, or names of log groups: what should be gone, and what was to be retained."""

    left: tuple[str, ...]
    retained: tuple[str, ...]


def find(
    session: boto3.session.Session, inventory: Inventory, listener: Listener = ignore
) -> Leftovers:
    """What is there of the project, apart from the stacks that the inventory keeps.

    Where we may not look, the listener is told so.
    """
    fates = _Fates(session.client("cloudformation"))
    arns: dict[str, list[str]] = {LEFT: [], RETAINED: [], GONE: []}
    tagged = chain(
        _allowed(_by_tag(session.client("resourcegroupstaggingapi"), inventory), listener),
        _allowed(_roles(session.client("iam"), inventory), listener),
    )
    for arn, tags in dict(tagged).items():
        if should_be_gone(arn, tags, inventory):
            arns[fates.of(arn, tags.get(STACK_ID_TAG, ""))].append(arn)
    logs = session.client("logs")
    groups = log_groups.listed(logs, inventory.project)
    stray = log_groups.of_stacks(logs, groups, inventory.names, inventory.others)
    return Leftovers((*sorted(arns[LEFT]), *stray), tuple(sorted(arns[RETAINED])))


class _Fates:
    """What became of a resource, by the events of the stack that made it."""

    def __init__(self, cloudformation: CloudFormationClient) -> None:
        self._cloudformation = cloudformation
        self._read: dict[str, dict[str, str]] = {}

    def of(self, arn: str, stack_id: str) -> str:
        if stack_id not in self._read:
            self._read[stack_id] = dict(self._statuses(stack_id)) if stack_id else {}
        return _FATES.get(self._read[stack_id].get(_name(arn), ""), LEFT)

    def _statuses(self, stack_id: str) -> Iterator[tuple[str, str]]:
        """The last status of each resource, by its name."""
        from botocore.exceptions import ClientError

        try:
            stack_events = events.since(self._cloudformation, stack_id)
        except ClientError as error:
            # Ninety days after its deletion, a stack has never been.
            if "does not exist" not in error.response["Error"].get("Message", ""):
                raise
            return
        for event in stack_events:
            yield _name(event.physical_id), event.status


def _name(id_: str) -> str:
    """The name in an ARN, in a queue's URL, or in a rule's `bus|rule`."""
    return re.split(r"[:/|]", id_.removesuffix(":*"))[-1]


def should_be_gone(arn: str, tags: Mapping[str, str], inventory: Inventory) -> bool:
    """Whether a resource with these tags is the project's, and none that the inventory keeps."""
    return (
        # Stacks are listed, too; the inventory knows better which there are.
        ":cloudformation:" not in arn
        and tags.get(PROJECT_TAG, inventory.project) == inventory.project
        and tags.get(STACK_TAG) not in inventory.others
        and (not inventory.is_partial or tags.get(STACK_TAG) in inventory.names)
        # Roles are of no region: those of the same project in another one are not left over.
        and tags.get(STACK_ID_TAG, "").split(":")[3:4] in ([], [inventory.region])
    )


def _by_tag(tagging: ResourceGroupsTaggingAPIClient, inventory: Inventory) -> Iterator[Tagged]:
    names = sorted(inventory.names)
    filters = [(PROJECT_TAG, [inventory.project])]
    filters += [
        (STACK_TAG, names[start : start + MOST_VALUES])
        for start in range(0, len(names), MOST_VALUES)
    ]
    for key, values in filters:
        pages = tagging.get_paginator("get_resources").paginate(
            TagFilters=[{"Key": key, "Values": values}]
        )
        for resource in (item for page in pages for item in page["ResourceTagMappingList"]):
            yield resource["ResourceARN"], {tag["Key"]: tag["Value"] for tag in resource["Tags"]}


def _roles(iam: IAMClient, inventory: Inventory) -> Iterator[Tagged]:
    pages = iam.get_paginator("list_roles").paginate()
    for role in (role for page in pages for role in page["Roles"]):
        if role["RoleName"].startswith(f"{inventory.project}-"):
            tags = _role_tags(iam, role["RoleName"])
            if tags.get(PROJECT_TAG) == inventory.project or tags.get(STACK_TAG) in inventory.names:
                yield role["Arn"], tags


def _role_tags(iam: IAMClient, name: str) -> dict[str, str]:
    try:
        return {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName=name)["Tags"]}
    except iam.exceptions.NoSuchEntityException:
        # It has gone since it was listed.
        return {}


def _allowed(resources: Iterable[Tagged], listener: Listener) -> Iterator[Tagged]:
    from botocore.exceptions import ClientError

    try:
        yield from resources
    except ClientError as error:
        if error.response["Error"].get("Code") not in REFUSED:
            raise
        listener(Note("leftovers", f"not looked for everywhere: {error}"))
