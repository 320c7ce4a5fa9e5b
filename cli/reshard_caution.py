"""What to know before a deploy gives the stream another number of shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import application
from .cloudformation import stacks
from .pipeline import metrics

if TYPE_CHECKING:
    import boto3

    from .project import Project

SHARDS = "ShardCount"
# Until its shards' children are found it is a second or two behind in any case.
MOST_LAG_MILLISECONDS = 3000


def of_deploy(session: boto3.session.Session, project: Project) -> str:
    """The caution for a person; empty when shards and application can change without one."""
    outputs = stacks.outputs_of(project.live.values())
    before, after = outputs.get(SHARDS), project.parameter(SHARDS)
    name = outputs.get(application.OUTPUT)
    if not name or before is None or after in (None, before):
        return ""
    behind = _behind(session, name)
    return behind and (
        f"The stream gets {after} shards for {before}, and the application {behind}: what it has "
        "not read by then could come out late. Better have it run and catch up first "
        "(start-analytics, status), and deploy then"
    )


def _behind(session: boto3.session.Session, name: str) -> str:
    status = application.status(session.client("kinesisanalyticsv2"), name)
    if status != "RUNNING":
        return f"is {status}" if status else ""
    cloudwatch = session.client("cloudwatch")
    found = metrics.newest(cloudwatch, metrics.refined(cloudwatch, metrics.lag(name)))
    lag = max((one for one in found if one is not None), default=0.0)
    return f"is {lag / 1000:.0f} s behind" if lag > MOST_LAG_MILLISECONDS else ""
