"""The changes of a change set, resource by resource and property by property."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        ResourceChangeDetailTypeDef,
        ResourceChangeTypeDef,
    )

    from .change_sets import ChangeSet

Action = Literal["create", "update", "remove", "replace"]
# What is in these is lost when they are replaced or deleted.
HOLD_DATA = (
    "AWS::Kinesis::Stream",
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::KinesisAnalyticsV2::Application",
    "AWS::Backup::BackupVault",
    "AWS::Cognito::UserPool",
    "AWS::DocDB::DBCluster",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EC2::Volume",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Elasticsearch::Domain",
    "AWS::Events::Archive",
    "AWS::FSx::FileSystem",
    "AWS::KMS::Key",
    "AWS::MSK::Cluster",
    "AWS::MemoryDB::Cluster",
    "AWS::Neptune::DBCluster",
    "AWS::OpenSearchServerless::Collection",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
    "AWS::RedshiftServerless::Namespace",
    "AWS::S3Tables::TableBucket",
    "AWS::SecretsManager::Secret",
    "AWS::Timestream::Table",
)


@dataclass(frozen=True)
class PropertyChange:
    """A property's values, None where CloudFormation does not tell; `cause` is what changes it."""

    name: str
    before: str | None = None
    after: str | None = None
    cause: str = ""
    replaces: bool = False


@dataclass(frozen=True)
class ResourceChange:
    """What happens to a resource.

    With `is_perhaps`, whether it is replaced or updated is only known when it is done.
    """

    action: Action
    logical_id: str
    type: str
    properties: tuple[PropertyChange, ...] = ()
    is_perhaps: bool = False
    note: str = ""

    @property
    def loses_data(self) -> bool:
        return self.action in ("replace", "remove") and self.type in HOLD_DATA


def of(cloudformation: CloudFormationClient, change_set: ChangeSet) -> tuple[ResourceChange, ...]:
    """The changes of a change set that is ready, in the order of CloudFormation's list."""
    pages = cloudformation.get_paginator("describe_change_set").paginate(
        ChangeSetName=change_set.id, IncludePropertyValues=True
    )
    return tuple(
        _resource_change(change["ResourceChange"])
        for page in pages
        for change in page.get("Changes", [])
        if "ResourceChange" in change
    )


def replaced(changes: Iterable[ResourceChange]) -> list[str]:
    return [change.logical_id for change in changes if change.action == "replace"]


def _resource_change(change: ResourceChangeTypeDef) -> ResourceChange:
    return ResourceChange(
        action=_action(change),
        logical_id=change["LogicalResourceId"],
        type=change["ResourceType"],
        properties=tuple(_merged(_property_changes(change.get("Details", [])))),
        is_perhaps=change.get("Replacement") == "Conditional",
        note=_note(change),
    )


def _action(change: ResourceChangeTypeDef) -> Action:
    if change["Action"] in ("Add", "Import"):
        return "create"
    if change["Action"] == "Remove":
        return "remove"
    is_replaced = change["Action"] == "Dynamic" or change.get("Replacement") in (
        "True",
        "Conditional",
    )
    return "replace" if is_replaced else "update"


def _note(change: ResourceChangeTypeDef) -> str:
    if change["Action"] == "Import":
        return "it is there already, and is imported"
    if change.get("PolicyAction") in ("Retain", "Snapshot", "ReplaceAndRetain"):
        return "what is there now is kept"
    return ""


def _property_changes(
    details: Sequence[ResourceChangeDetailTypeDef],
) -> Iterator[PropertyChange]:
    for detail in details:
        target = detail.get("Target", {})
        is_property = target.get("Attribute") == "Properties"
        yield PropertyChange(
            name=target.get("Name", "") if is_property else target.get("Attribute", ""),
            before=target.get("BeforeValue"),
            after=target.get("AfterValue"),
            cause=detail.get("CausingEntity", ""),
            replaces=target.get("RequiresRecreation") in ("Always", "Conditionally"),
        )


def _merged(changes: Iterable[PropertyChange]) -> Iterator[PropertyChange]:
    """One change a property: CloudFormation tells a property again for each of its causes."""
    merged: dict[str, PropertyChange] = {}
    for change in changes:
        known = merged.setdefault(change.name, change)
        merged[change.name] = PropertyChange(
            name=change.name,
            before=known.before or change.before,
            after=known.after or change.after,
            cause=known.cause or change.cause,
            replaces=known.replaces or change.replaces,
        )
    yield from merged.values()
