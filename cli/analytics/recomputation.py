"""The recomputation: a second application that recomputes past windows, beside the analytics.

Its stack says from when on (`RecomputeFrom`); what it writes is under a prefix of its own.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ..cloudformation import stacks
from ..errors import ApplicationError
from ..text import command
from . import application, lifecycle

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

    from ..cloudformation.operations import Operator
    from ..cloudformation.stacks import Stack
    from ..patience import Patience

OUTPUT = stacks.RECOMPUTATION
PARAMETER = "RecomputeFrom"
PARALLELISM = "RecomputationParallelism"
PREFIX = "recomputed/"


def aim(operator: Operator, stack: Stack, moment: datetime, parallelism: int) -> None:
    """Have its next start begin with the first window that begins then or later.

    A parallelism of 0 stands for the number of shards. Raises StackError when its stack can not be
    updated.
    """
    in_utc = moment.astimezone(timezone.utc).replace(tzinfo=None)
    written = f"{in_utc.isoformat(timespec='milliseconds')}Z"
    values = {PARAMETER: written, PARALLELISM: str(parallelism)}
    operator.give(stack, values)


def bring_to_rest(
    flink: KinesisAnalyticsV2Client, name: str, patience: Patience, *, restart: bool
) -> None:
    """Have it at rest; raises ApplicationError when it is not, unless it is to be restarted."""
    status = application.describe(flink, name).status
    if status == "READY":
        return
    if not restart:
        raise ApplicationError(
            f"a recomputation is already {status}. Next: "
            f"{command('stop-analytics --recomputation')}, or add --restart"
        )
    # What it has in hand is computed again from the beginning: nobody needs its snapshot.
    lifecycle.stop(flink, name, patience, lambda status: None, force=True)


def last_start(flink: KinesisAnalyticsV2Client, name: str) -> datetime:
    """When the last recomputation began; raises ApplicationError when there was none yet."""
    start = application.newest_operation(flink, name, "StartApplication")
    if start is None:
        raise ApplicationError(
            f"nothing has been recomputed yet. Next: {command('start-analytics --from TIME')}"
        )
    return start.started
