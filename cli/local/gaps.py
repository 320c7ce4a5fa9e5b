"""The gaps of MiniStack that are filled here, one module each."""

from __future__ import annotations

from .folder import Folder


def fill(folder: Folder) -> None:
    """Fill them all; to be called once, before MiniStack serves."""
    from . import (
        alarm_dimensions,
        application_operations,
        application_updates,
        authorized_resources,
        bucket_configurations,
        cbor_authorization,
        cbor_refusals,
        cbor_times,
        closed_shards,
        event_archive,
        event_replay,
        event_time,
        firehose_buffer,
        flink,
        kinesis_retention,
        kinesis_target,
        log_event_ids,
        log_pages,
        resharding,
        secure_transport,
        shell_change_sets,
        worker_threads,
    )

    kinesis_target.fill()
    kinesis_retention.fill()
    event_time.fill()
    event_archive.fill()
    event_replay.fill()
    firehose_buffer.fill()
    cbor_authorization.fill()
    cbor_refusals.fill()
    cbor_times.fill()
    authorized_resources.fill()
    bucket_configurations.fill()
    closed_shards.fill()
    resharding.fill()
    log_event_ids.fill()
    log_pages.fill()
    secure_transport.fill()
    alarm_dimensions.fill()
    shell_change_sets.fill()
    worker_threads.fill()
    application_operations.fill()
    application_updates.fill()
    flink.fill(folder)
