"""The gaps of MiniStack that are filled here, one module each."""

from __future__ import annotations

from ..folder import Folder


def fill(folder: Folder) -> None:
    """Fill them all; to be called once, before MiniStack serves."""
    from ..flink import data_plane
    from . import (
        alarm_dimensions,
        alarm_expressions,
        application_dashboards,
        application_operations,
        application_updates,
        athena_queries,
        authorized_resources,
        bucket_configurations,
        cbor,
        closed_shards,
        condition_values,
        embedded_metrics,
        event_archive,
        event_replay,
        event_time,
        filled_buckets,
        firehose_buffer,
        firehose_source,
        imported_buckets,
        kinesis_retention,
        kinesis_target,
        logs,
        malformed_details,
        managed_keys,
        mapping_concurrency,
        named_query,
        nested_stacks,
        output_changes,
        resharding,
        secure_transport,
        service_roles,
        shell_change_sets,
        template_texts,
        template_urls,
        updatable_stacks,
        worker_threads,
    )

    for gap in (
        kinesis_target,
        kinesis_retention,
        event_time,
        malformed_details,
        event_archive,
        event_replay,
        firehose_buffer,
        firehose_source,
        athena_queries,
        cbor,
        authorized_resources,
        bucket_configurations,
        closed_shards,
        resharding,
        logs,
        embedded_metrics,
        mapping_concurrency,
        named_query,
        nested_stacks,
        secure_transport,
        alarm_dimensions,
        alarm_expressions,
        shell_change_sets,
        output_changes,
        updatable_stacks,
        service_roles,
        filled_buckets,
        imported_buckets,
        managed_keys,
        template_texts,
        template_urls,
        condition_values,
        worker_threads,
        application_operations,
        application_updates,
        application_dashboards,
    ):
        gap.fill()
    data_plane.fill(folder)
