"""CloudFormation's work on resources whose handlers wait for calls to this same AWS.

MiniStack provisions on the event loop that also answers requests, but for the types that it knows
to wait. Those that are filled in here wait too: a delivery stream is flushed into S3 before it
goes, an application restarts for an update, and a stream's shards are split one after the other. On
the loop they would wait for themselves.
"""

from __future__ import annotations

from ..requirements import require

_WAITING = (
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::KinesisAnalyticsV2::Application",
    "AWS::Kinesis::Stream",
)


def fill() -> None:
    from ministack.services.cloudformation import stacks

    require(stacks, "_runs_on_worker_thread")
    known = stacks._runs_on_worker_thread

    def runs_on_worker_thread(resource_type: str) -> bool:
        return resource_type in _WAITING or bool(known(resource_type))

    stacks._runs_on_worker_thread = runs_on_worker_thread
