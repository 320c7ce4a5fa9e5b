"""The gaps of MiniStack that are filled here, one module each."""

from __future__ import annotations

from ..folder import Folder


def fill(folder: Folder) -> None:
    """Fill them all; to be called once, before MiniStack serves."""
    from ..flink import data_plane
    from . import (
        alarm_dimensions,
        alarm_expressions,
        application_operations,
        application_updates,
        authorized_resources,
        bucket_configurations,
        cbor,
        closed_shards,
        event_archive,
        event_replay,
        event_time,
        firehose_buffer,
        kinesis_retention,
        kinesis_target,
        logs,
        mapping_concurrency,
        nested_stacks,
        resharding,
        secure_transport,
        shell_change_sets,
        worker_threads,
    )

    for gap in (
        kinesis_target,
        kinesis_retention,
        event_time,
        event_archive,
        event_replay,
        firehose_buffer,
        cbor,
        authorized_resources,
        bucket_configurations,
        closed_shards,
        resharding,
        logs,
        mapping_concurrency,
        nested_stacks,
        secure_transport,
        alarm_dimensions,
        alarm_expressions,
        shell_change_sets,
        worker_threads,
        application_operations,
        application_updates,
    ):
        gap.fill()
    data_plane.fill(folder)
