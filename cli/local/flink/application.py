"""A Managed Flink application as its control plane describes it, in Flink's terms."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...analytics.log import LogStream, located

RUN_OPTIONS = "kinesis.analytics.flink.run.options"
# Templates ask for a checkpoint each minute, which is right for AWS. Here a crash should cost
# seconds, so the interval is never longer than this.
LONGEST_CHECKPOINT_INTERVAL_MS = 10_000
LONGEST_CHECKPOINT_PAUSE_MS = 1_000

Groups = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Application:
    """What a run needs to know of an application; `groups` are its property groups."""

    name: str
    arn: str
    version: int
    region: str
    role: str
    bucket: str
    key: str
    object_version: str | None
    parallelism: int
    parallelism_per_kpu: int
    checkpoint_interval_ms: int | None
    checkpoint_pause_ms: int
    log_level: str
    log_stream: LogStream | None
    allows_non_restored_state: bool
    groups: Groups

    @property
    def folder_name(self) -> str:
        """Unique to the account, the region and the name, and fit for a file system."""
        return re.sub(r"[^\w-]+", "_", self.arn.partition("kinesisanalytics:")[2])

    def properties(self, endpoint: str) -> str:
        """The content of application_properties.json, with what only this machine needs.

        The connectors' SDK does not read AWS_ENDPOINT_URL, and MiniStack speaks no HTTP/2.
        """
        local = {name: _with_endpoint(group, endpoint) for name, group in self.groups.items()}
        return json.dumps(
            [{"PropertyGroupId": name, "PropertyMap": group} for name, group in local.items()],
            indent=2,
        )


def _with_endpoint(group: Mapping[str, str], endpoint: str) -> dict[str, str]:
    added = {}
    if "aws.region" in group:
        added["aws.endpoint"] = endpoint
    if group.get("connector") == "firehose":
        added["sink.http-client.protocol.version"] = "HTTP1_1"
    return {**group, **added}


def described(view: dict[str, Any]) -> Application:
    """The application out of MiniStack's ApplicationDetail (numbers may come as text)."""
    configuration = view["ApplicationConfigurationDescription"]
    flink = configuration["FlinkApplicationConfigurationDescription"]
    checkpoints = flink["CheckpointConfigurationDescription"]
    code = configuration["ApplicationCodeConfigurationDescription"]["CodeContentDescription"]
    location = code["S3ApplicationCodeLocationDescription"]
    parallelism = flink["ParallelismConfigurationDescription"]
    run = configuration.get("RunConfigurationDescription") or {}
    return Application(
        name=view["ApplicationName"],
        arn=view["ApplicationARN"],
        version=view["ApplicationVersionId"],
        region=view["Region"],
        role=view["ServiceExecutionRole"],
        bucket=location["BucketARN"].rpartition(":::")[2],
        key=location["FileKey"],
        object_version=location.get("ObjectVersion"),
        parallelism=int(parallelism.get("Parallelism", 1)),
        parallelism_per_kpu=int(parallelism.get("ParallelismPerKPU", 1)),
        checkpoint_interval_ms=_checkpoint_interval(checkpoints),
        checkpoint_pause_ms=min(
            int(checkpoints.get("MinPauseBetweenCheckpoints", 5000)), LONGEST_CHECKPOINT_PAUSE_MS
        ),
        log_level=flink["MonitoringConfigurationDescription"].get("LogLevel", "INFO"),
        log_stream=_log_stream(view.get("CloudWatchLoggingOptionDescriptions") or []),
        allows_non_restored_state=_is_true(
            (run.get("FlinkRunConfigurationDescription") or {}).get("AllowNonRestoredState")
        ),
        groups=_groups(configuration),
    )


def _checkpoint_interval(checkpoints: Mapping[str, Any]) -> int | None:
    if not _is_true(checkpoints.get("CheckpointingEnabled", True)):
        return None
    interval = int(checkpoints.get("CheckpointInterval", 60_000))
    return min(interval, LONGEST_CHECKPOINT_INTERVAL_MS)


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _log_stream(options: list[dict[str, str]]) -> LogStream | None:
    return located(options[0]["LogStreamARN"]) if options else None


def _groups(configuration: Mapping[str, Any]) -> Groups:
    environment = configuration.get("EnvironmentPropertyDescriptions") or {}
    return {
        group["PropertyGroupId"]: {key: str(value) for key, value in group["PropertyMap"].items()}
        for group in environment.get("PropertyGroupDescriptions") or []
    }
