"""The analytics application as it is: its state, its operations, its property groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ..cloudformation import stacks
from ..cloudformation.template import CODE_SUFFIX
from ..errors import ApplicationError
from ..pipeline import windowing
from ..pipeline.windowing import Windowing
from ..text import command
from . import log

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_kinesisanalyticsv2.type_defs import (
        ApplicationConfigurationDescriptionTypeDef,
        ApplicationDetailTypeDef,
    )

OUTPUT = stacks.ANALYTICS
TYPE = "AWS::KinesisAnalyticsV2::Application"
DASHBOARD_SECONDS = 3600
NO_REASON = "The service gives no reason"
# The operations after which the application is in another state, or runs another version.
_CHANGES = ("StartApplication", "StopApplication", "UpdateApplication", "RollbackApplication")


@dataclass(frozen=True)
class Application:
    """The application as it is now; `code` is its zip's key, `properties` are its property groups.

    What it describes is what runs: an update restarts it, and AWS takes an update back after which
    the job does not run (ApplicationSystemRollbackConfiguration), code and all.
    """

    name: str
    status: str
    version: int
    code: str
    parallelism: int
    parallelism_per_kpu: int
    properties: Mapping[str, Mapping[str, str]]
    log_stream: log.LogStream | None

    def has_code_of(self, parameters: Mapping[str, str]) -> bool:
        """Whether its code is what a stack of these parameters was deployed with."""
        codes = [value for name, value in parameters.items() if name.endswith(CODE_SUFFIX)]
        return not codes or self.code in codes

    def value(self, group: str, key: str) -> str:
        """A value of a property group; raises ApplicationError when it is not there."""
        try:
            return self.properties[group][key]
        except KeyError:
            raise ApplicationError(
                f"Application {self.name} has no property {key!r} in a group {group!r}. "
                f"Next: {command('deploy')}"
            ) from None

    @property
    def windowing(self) -> Windowing:
        """The windows that it was deployed with; raises ApplicationError."""
        length, lateness = (
            int(Decimal(self.value("windows", key)) * 1000)
            for key in ("length.seconds", "allowed.lateness.seconds")
        )
        return Windowing(length, lateness)

    @property
    def first_start(self) -> int:
        """Before it, in milliseconds since 1970, no window of the application begins."""
        text = self.value("windows", "first.start")
        return windowing.read(text.replace("T", " ").rstrip("Z"))


@dataclass(frozen=True)
class Operation:
    """What was done with the application; `ended` is None while it is under way."""

    id: str
    name: str
    status: str
    started: datetime
    ended: datetime | None

    @property
    def is_under_way(self) -> bool:
        return self.status == "IN_PROGRESS"


def describe(flink: KinesisAnalyticsV2Client, name: str) -> Application:
    return _application(flink.describe_application(ApplicationName=name)["ApplicationDetail"])


def dashboard(flink: KinesisAnalyticsV2Client, name: str) -> str:
    """The address of Flink's own dashboard of a running application, good for an hour.

    Whoever has it is signed in; on AWS it has to be used within three minutes. Raises
    ApplicationError when the application does not run.
    """
    status = describe(flink, name).status
    try:
        answer = flink.create_application_presigned_url(
            ApplicationName=name,
            UrlType="FLINK_DASHBOARD_URL",
            SessionExpirationDurationInSeconds=DASHBOARD_SECONDS,
        )
    except flink.exceptions.ResourceInUseException as error:
        raise ApplicationError(
            f"Application {name} is {status}, and has a dashboard while it is RUNNING. "
            f"Next: {command('start-analytics')}"
        ) from error
    return answer["AuthorizedUrl"]


def _application(detail: ApplicationDetailTypeDef) -> Application:
    configuration = detail.get("ApplicationConfigurationDescription", {})
    flink = configuration.get("FlinkApplicationConfigurationDescription", {})
    parallelism = flink.get("ParallelismConfigurationDescription", {})
    logging = detail.get("CloudWatchLoggingOptionDescriptions", [])
    return Application(
        name=detail["ApplicationName"],
        status=detail["ApplicationStatus"],
        version=detail["ApplicationVersionId"],
        code=_code(configuration),
        parallelism=int(parallelism.get("Parallelism", 1)),
        parallelism_per_kpu=int(parallelism.get("ParallelismPerKPU", 1)),
        properties=_properties(configuration),
        log_stream=log.located(logging[0]["LogStreamARN"]) if logging else None,
    )


def _code(configuration: ApplicationConfigurationDescriptionTypeDef) -> str:
    code = configuration.get("ApplicationCodeConfigurationDescription")
    content = code.get("CodeContentDescription", {}) if code else {}
    location = content.get("S3ApplicationCodeLocationDescription")
    return location["FileKey"] if location else ""


def _properties(
    configuration: ApplicationConfigurationDescriptionTypeDef,
) -> dict[str, Mapping[str, str]]:
    groups = configuration.get("EnvironmentPropertyDescriptions", {})
    return {
        group["PropertyGroupId"]: group["PropertyMap"]
        for group in groups.get("PropertyGroupDescriptions", [])
    }


def status(flink: KinesisAnalyticsV2Client, name: str) -> str | None:
    """The application's status, None when there is no such application."""
    try:
        answer = flink.describe_application(ApplicationName=name)
    except flink.exceptions.ResourceNotFoundException:
        return None
    return answer["ApplicationDetail"]["ApplicationStatus"]


def newest_change(flink: KinesisAnalyticsV2Client, name: str) -> Operation | None:
    """The last operation that changed the application's state, None when there was none yet."""
    return newest_operation(flink, name, *_CHANGES)


def newest_operation(flink: KinesisAnalyticsV2Client, name: str, *kinds: str) -> Operation | None:
    """The last operation of these kinds, whoever asked for it; None when there was none yet."""
    return next((found for found in operations(flink, name) if found.name in kinds), None)


def operations(flink: KinesisAnalyticsV2Client, name: str) -> Iterator[Operation]:
    """What was done with the application, the newest first."""
    pages = flink.get_paginator("list_application_operations").paginate(ApplicationName=name)
    for page in pages:
        for operation in page["ApplicationOperationInfoList"]:
            yield Operation(
                id=operation.get("OperationId", ""),
                name=operation.get("Operation", ""),
                status=operation["OperationStatus"],
                started=operation["StartTime"],
                ended=operation.get("EndTime"),
            )


def failure(flink: KinesisAnalyticsV2Client, name: str, operation: Operation) -> str:
    """What the service says about an operation that failed; it always says something."""
    answer = flink.describe_application_operation(ApplicationName=name, OperationId=operation.id)
    details = answer["ApplicationOperationInfoDetails"].get("OperationFailureDetails", {})
    reason = log.of_stack_trace(details.get("ErrorInfo", {}).get("ErrorString", ""))
    return reason or NO_REASON
