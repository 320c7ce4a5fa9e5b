"""The analytics application as it is: its state, its property groups, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from . import application_log
from .errors import ApplicationError

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_kinesisanalyticsv2.type_defs import (
        ApplicationConfigurationDescriptionTypeDef,
        ApplicationDetailTypeDef,
    )

# https://aws.amazon.com/managed-service-apache-flink/pricing, us-east-1; one KPU more than the
# application's own is for its orchestration.
DOLLARS_PER_KPU_HOUR = Decimal("0.11")


@dataclass(frozen=True)
class Application:
    """The application as it is now; `properties` are its property groups."""

    name: str
    status: str
    version: int
    parallelism: int
    parallelism_per_kpu: int
    properties: Mapping[str, Mapping[str, str]]
    log_stream: application_log.LogStream | None

    @property
    def dollars_per_hour(self) -> Decimal:
        """What it costs while it runs."""
        kpus = -(-self.parallelism // self.parallelism_per_kpu)
        return (kpus + 1) * DOLLARS_PER_KPU_HOUR

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


def is_local(flink: KinesisAnalyticsV2Client) -> bool:
    """Whether the AWS that we talk to is on this machine, where nothing costs anything."""
    return urlsplit(flink.meta.endpoint_url).hostname in ("localhost", "127.0.0.1", "::1")


def _application(detail: ApplicationDetailTypeDef) -> Application:
    configuration = detail.get("ApplicationConfigurationDescription", {})
    flink = configuration.get("FlinkApplicationConfigurationDescription", {})
    parallelism = flink.get("ParallelismConfigurationDescription", {})
    logging = detail.get("CloudWatchLoggingOptionDescriptions", [])
    return Application(
        name=detail["ApplicationName"],
        status=detail["ApplicationStatus"],
        version=detail["ApplicationVersionId"],
        parallelism=int(parallelism.get("Parallelism", 1)),
        parallelism_per_kpu=int(parallelism.get("ParallelismPerKPU", 1)),
        properties=_properties(configuration),
        log_stream=application_log.located(logging[0]["LogStreamARN"]) if logging else None,
    )


def _properties(
    configuration: ApplicationConfigurationDescriptionTypeDef,
) -> dict[str, Mapping[str, str]]:
    groups = configuration.get("EnvironmentPropertyDescriptions", {})
    return {
        group["PropertyGroupId"]: group["PropertyMap"]
        for group in groups.get("PropertyGroupDescriptions", [])
    }
