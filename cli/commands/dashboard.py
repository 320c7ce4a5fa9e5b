"""`miztiik-events dashboard`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .shared_options import Options, shared_options
from .terminal import ending

if TYPE_CHECKING:
    from ..dashboard.feed import Feed

PORT = 8787


@click.command()
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=PORT,
    show_default=True,
    metavar="PORT",
    help="Port of this machine; 0 for any that is free.",
)
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the page into one FILE.html, or a picture of it into FILE.png, and end.",
)
@shared_options
def command(options: Options, opens: bool, port: int, export: Path | None) -> None:
    """Show the sales on a web page, as they come in.

    \b
      miztiik-events dashboard --open
      miztiik-events dashboard --export sales.html

    The page is served on this machine alone, at an address that nobody can guess; whoever has the
    address can see it until Ctrl-C. It needs the extra `dashboard`. A picture is drawn by Chromium
    or Chrome.
    """
    from ..dashboard import assets

    if export and export.suffix not in (".html", ".png"):
        raise click.UsageError("--export writes FILE.html or FILE.png")
    if export and opens:
        raise click.UsageError("--export excludes --open")
    assets.require()
    from ..dashboard.feed import Feed
    from ..session import connect

    if export:
        _export(options, Feed(options.session, options.project), export)
    else:
        # The page itself tells of an AWS that does not answer, and looks again.
        session = connect(options.profile, options.region)
        _serve(options, Feed(session, options.project), port, opens=opens)


def _export(options: Options, feed: Feed, target: Path) -> None:
    from .. import files
    from ..dashboard import export

    if target.suffix == ".png":
        export.find_browser()
    feed.read_all()
    with files.writing(target, "give another file with --export"):
        if target.suffix == ".html":
            export.write_page(feed, target)
        else:
            with files.temporary_folder("miztiik-events-page-") as folder:
                page = folder / "page.html"
                export.write_page(feed, page)
                export.picture(page, target)
    options.say(f"Written: {target}")


def _serve(options: Options, feed: Feed, port: int, *, opens: bool) -> None:
    from ..dashboard.opening import door
    from ..dashboard.server import opened
    from .open import open_in_browser

    with ending.endless(), opened(feed, port) as (address, serving):
        click.echo(address)
        options.say("The address is as good as a password. Ctrl-C ends the page.")
        if opens:
            # Everybody on the machine can read the command line that the browser is started with.
            open_in_browser(options, door(address))
        serving.run()
