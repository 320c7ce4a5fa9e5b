"""`miztiik-events stop-analytics`."""

from __future__ import annotations

import click

from .application import application_name, no_wait_option, show, watching
from .options import Options, shared_options, timeout_option


@click.command()
@timeout_option(600)
@no_wait_option
@click.option(
    "--force",
    is_flag=True,
    help="Stop without a snapshot; the next start goes back to the one before.",
)
@shared_options
def command(options: Options, timeout: float, no_wait: bool, force: bool) -> None:
    """Stop the analytics application, with a snapshot.

    \b
      miztiik-events stop-analytics

    Events that come meanwhile wait in the stream for the next start, for as long as the stream
    keeps them (24 hours by default).
    """
    from .. import analytics, operation
    from ..patience import Patience

    name = application_name(options)
    flink = options.session.client("kinesisanalyticsv2")
    if no_wait:
        operation.request_stop(flink, name, force=force)
        application = analytics.describe(flink, name)
    else:
        with watching(options, "The stop") as watch:
            application = operation.stop(flink, name, Patience(timeout), watch, force=force)
    show(options, application)
