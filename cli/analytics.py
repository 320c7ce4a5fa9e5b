"""The analytics application as it is: its state and its property groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import application_log
from .cloudformation.template import CODE_SUFFIX
from .errors import ApplicationError

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_kinesisanalyticsv2.type_defs import (
        ApplicationConfigurationDescriptionTypeDef,
        ApplicationDetailTypeDef,
    )


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
    log_stream: application_log.LogStream | None

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
                "Next: miztiik-events deploy"
            ) from None


def describe(flink: KinesisAnalyticsV2Client, name: str) -> Application:
    return _application(flink.describe_application(ApplicationName=name)["ApplicationDetail"])


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
        log_stream=application_log.located(logging[0]["LogStreamARN"]) if logging else None,
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
