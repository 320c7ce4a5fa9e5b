"""`miztiik-events start-analytics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .application import application_name, no_wait_option, show, timeout_option, watching
from .options import Options, shared_options

if TYPE_CHECKING:
    from ..analytics import Application


@click.command()
@timeout_option
@no_wait_option
@click.option(
    "--skip-snapshot",
    is_flag=True,
    help="Start without the latest snapshot, at the oldest record of the stream.",
)
@shared_options
def command(options: Options, timeout: float, no_wait: bool, skip_snapshot: bool) -> None:
    """Start the analytics application; it costs money while it runs.

    \b
      miztiik-events start-analytics

    It goes on where it was stopped. When it runs already, nothing happens.
    """
    from .. import analytics, operation
    from ..patience import Patience

    name = application_name(options)
    flink = options.session.client("kinesisanalyticsv2")
    logs = options.session.client("logs")
    if no_wait:
        operation.request_start(flink, name, skip_snapshot=skip_snapshot)
        application = analytics.describe(flink, name)
    else:
        with watching(options, "The start") as watch:
            application = operation.start(
                flink, logs, name, Patience(timeout), watch, skip_snapshot=skip_snapshot
            )
    show(options, application)
    if not analytics.is_local(flink):
        _say_cost(options, application)


def _say_cost(options: Options, application: Application) -> None:
    options.say(
        f"It costs about ${application.dollars_per_hour} an hour while it runs (us-east-1). "
        "Stop it with: miztiik-events stop-analytics"
    )
