"""`miztiik-events open`."""

from __future__ import annotations

import sys

import click

from .shared_options import Options, shared_options

DASHBOARD, FLINK, CONSOLE = "dashboard", "flink", "console"


@click.command()
@click.argument("page", type=click.Choice([DASHBOARD, FLINK, CONSOLE]), default=DASHBOARD)
@click.option("--print", "only_prints", is_flag=True, help="Print the address, and open nothing.")
@shared_options
def command(options: Options, page: str, only_prints: bool) -> None:
    """Open a page of the project in the browser, and print its address.

    \b
      miztiik-events open dashboard
      miztiik-events open flink --print

    `dashboard` is CloudWatch's, `console` has the project's stacks, and `flink` is Flink's own
    dashboard of the running analytics. On AWS, the address of `flink` signs in whoever has it, for
    an hour, and has to be used within three minutes.

    In a pipe the address is printed and nothing is opened.
    """
    address = _address(options, page)
    click.echo(address)
    if not only_prints and sys.stdout.isatty():
        open_in_browser(options, address)


def _address(options: Options, page: str) -> str:
    from ..analytics import application
    from ..cloudformation import stacks
    from ..errors import MiztiikError
    from ..operate import advice, console
    from ..session import is_local
    from ..text import command

    session = options.session
    outputs = stacks.project_outputs(session.client("cloudformation"), options.project)
    flink = session.client("kinesisanalyticsv2")
    if page == FLINK:
        name = stacks.require(outputs, application.OUTPUT, options.project)
        return application.dashboard(flink, name)
    needed = stacks.DASHBOARD if page == DASHBOARD else next(iter(outputs), stacks.DASHBOARD)
    name = stacks.require(outputs, needed, options.project)
    if is_local(flink):
        flink_page = advice.possible("open flink", outputs, options.project)
        sales = advice.possible("dashboard", outputs, options.project)
        pages = [flink_page, f"{sales}, the page of the sales" if sales else ""]
        way = " or ".join(filter(None, pages)) or command("outputs", options.project)
        raise MiztiikError(f"The AWS on this machine has no console. Next: {way}")
    partition, region = session.get_partition_for_region(session.region_name), session.region_name
    if page == CONSOLE:
        return console.stacks(partition, region, options.project)
    return console.dashboard(partition, region, name)


def open_in_browser(options: Options, address: str) -> None:
    """Lead the browser there; say so where there is none."""
    import webbrowser

    if not webbrowser.open(address):
        options.say("No browser could be opened: open the address yourself.")
