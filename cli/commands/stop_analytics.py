"""`miztiik-events stop-analytics`."""

from __future__ import annotations

import click

from .analytics import no_wait_option, prune, show, watching
from .options import timeout_option
from .shared_options import Options, shared_options_in_lines


@click.command()
@timeout_option(600)
@no_wait_option
@click.option(
    "--force",
    is_flag=True,
    help="Stop without a snapshot; the next start resumes from the previous one.",
)
@click.option(
    "--recomputation",
    "is_recomputation",
    is_flag=True,
    help="Stop the recomputation instead (start-analytics --from TIME).",
)
@shared_options_in_lines
def command(
    options: Options, timeout: float, no_wait: bool, force: bool, is_recomputation: bool
) -> None:
    """Stop the analytics application, with a snapshot.

    \b
      miztiik-events stop-analytics
      miztiik-events stop-analytics --recomputation

    Of the snapshots that stops and updates took, the newest ten are kept.

    Events that arrive meanwhile wait in the stream for the next start, for as long as the stream
    retains them (24 hours by default).
    """
    from ..analytics import application, lifecycle, recomputation
    from ..cloudformation import stacks
    from ..insistence import WAY_BACK
    from ..patience import Patience

    patience = Patience(timeout)
    output = recomputation.OUTPUT if is_recomputation else application.OUTPUT
    with options.insisting(patience, WAY_BACK):
        outputs = stacks.project_outputs(options.session.client("cloudformation"), options.project)
        name = stacks.require(outputs, output, options.project)
        flink = options.session.client("kinesisanalyticsv2")
        if no_wait:
            lifecycle.request_stop(flink, name, force=force)
            described = application.describe(flink, name)
        else:
            with watching(options, "The stop") as watch:
                described = lifecycle.stop(flink, name, patience, watch, force=force)
        show(options, described)
        if described.status == "READY":
            prune(options, name)
