"""The resource that IAM looks at.

MiniStack knows no resource for a request that names its stream by a shard iterator, nor for one
about an archive of events or a replay, and takes the log group for requests that are about its
streams. AWS takes the stream that the iterator is of, the archive, the replay, and an ARN that ends
in `:log-stream:` and the stream's name, so that a policy on `log-group:NAME` without `:*` does not
allow them.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..requirements import require

_ON_LOG_STREAMS = (
    "CreateLogStream",
    "DeleteLogStream",
    "DescribeLogStreams",
    "FilterLogEvents",
    "GetLogEvents",
    "PutLogEvents",
)
_ON_ARCHIVES = (
    "CancelReplay",
    "CreateArchive",
    "DeleteArchive",
    "DescribeArchive",
    "DescribeReplay",
    "StartReplay",
    "UpdateArchive",
)


def fill() -> None:
    from ministack.core import iam_actions
    from ministack.services import kinesis

    require(iam_actions, "extract_resource_arn", "_safe_json_field")
    require(kinesis, "_shard_iterators")
    extract = iam_actions.extract_resource_arn

    def resource_arn(
        service: str, method: str, path: str, headers: Any, body: bytes, *others: Any
    ) -> str:
        resource = str(extract(service, method, path, headers, body, *others))
        field = iam_actions._safe_json_field
        if service == "kinesis" and resource == "*":
            iterator = kinesis._shard_iterators.get(field(body, "ShardIterator"))
            return str(iterator["stream_arn"]) if iterator else resource
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if service == "logs" and action in _ON_LOG_STREAMS:
            return f"{resource}:log-stream:{field(body, 'logStreamName')}"
        if service == "events" and action in _ON_ARCHIVES:
            return _of_archive(action, lambda name: str(field(body, name) or ""), *others[1:])
        return resource

    iam_actions.extract_resource_arn = resource_arn


def _of_archive(
    action: str, field: Callable[[str], str], region: str = "*", account: str = "*"
) -> str:
    if action == "StartReplay":
        return field("EventSourceArn")
    kind = "replay" if action.endswith("Replay") else "archive"
    return f"arn:aws:events:{region}:{account}:{kind}/{field(f'{kind.capitalize()}Name')}"
