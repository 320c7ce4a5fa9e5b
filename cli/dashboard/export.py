"""The page as one file that needs nothing else, and as a picture of that file."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .. import files
from ..errors import ConfigurationError, MiztiikError
from ..text import as_json
from . import assets
from .view import RANGES, Question

if TYPE_CHECKING:
    from .feed import Feed

# Where they are called by another name, $BROWSER is not asked: it may be one that draws no picture.
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
WIDTH, HEIGHT = 1440, 1180
LONGEST_SECONDS = 120
# unix(7): a socket's path has 107 bytes at most; that in the browser's folder has 77 of them.
LONGEST_TMPDIR = 107 - 77
_TAG = re.compile(r'<link rel="stylesheet" href="([\w.]+)">|<script defer src="([\w.]+)"></script>')


def write(feed: Feed, folder: Path) -> list[Path]:
    """Write the page of what the feed knows, and where there is a browser a picture of it."""
    page, drawn = folder / "page.html", folder / "page.png"
    with files.writing(folder, "give another folder"):
        folder.mkdir(parents=True, exist_ok=True)
        write_page(feed, page)
        if not _browser():
            return [page]
        picture(page, drawn)
    return [page, drawn]


def write_page(feed: Feed, target: Path) -> None:
    """Write the page into one file, whole or not at all."""
    with files.whole(target) as draft:
        draft.write_text(html(feed), "utf-8")


def html(feed: Feed) -> str:
    """The page with all that it shows, every range of it, and its parts; it asks for nothing."""
    answers = {name: feed.answer(Question(name)) for name in RANGES}
    # Nothing in it can end the element that it is in.
    data = as_json(answers).replace("<", "\\u003c")
    scripts: list[str] = []
    styles: list[str] = []

    def inlined(tag: re.Match[str]) -> str:
        name = tag[1] or tag[2]
        text = assets.read(name)
        (styles if tag[1] else scripts).append(text)
        return "" if tag[2] else f"<style>{text}</style>"

    page = _TAG.sub(inlined, assets.read(assets.PAGE))
    policy = (
        f"default-src 'none'; img-src data:; script-src {_hashes(scripts)}; "
        f"style-src {_hashes([*styles, ''])}; base-uri 'none'; form-action 'none'"
    )
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    elements = "".join(f"<script>{text}</script>\n" for text in scripts)
    data_element = f'<script type="application/json" id="data">{data}</script>\n'
    head, body = page.replace("<meta charset", f"{meta}\n<meta charset", 1), "</body>"
    return head.replace(body, f"{data_element}{elements}{body}")


def _hashes(texts: list[str]) -> str:
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def _browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def find_browser() -> str:
    """A Chromium of this machine; raises ConfigurationError when there is none."""
    found = _browser()
    if not found:
        raise ConfigurationError(
            "The picture is drawn by Chromium or Chrome, and there is none on this machine. "
            "Install one (Debian: apt-get install chromium), or write a page: --export FILE.html"
        )
    return found


def picture(page: Path, target: Path) -> None:
    """Have a browser draw the file `page` into the PNG `target`."""
    browser = find_browser()
    with _short_folder() as profile, files.whole(target) as draft:
        # It goes by the file's name what kind of picture it is.
        drawn = profile / "picture.png"
        command = [
            *(browser, "--headless=new", "--disable-gpu", "--hide-scrollbars"),
            *(f"--user-data-dir={profile}", f"--window-size={WIDTH},{HEIGHT}"),
            *("--virtual-time-budget=5000", f"--screenshot={drawn}"),
            # Chromium does not run as root inside its own sandbox.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            page.resolve().as_uri(),
        ]
        # So that whatever it leaves goes with the folder.
        environment = {**os.environ, "TMPDIR": str(profile)}
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise MiztiikError(f"{browser} drew no picture in {LONGEST_SECONDS} s") from error
        if not drawn.exists():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise MiztiikError(f"{browser} drew no picture: {last}")
        shutil.copyfile(drawn, draft)


def _short_folder() -> contextlib.AbstractContextManager[Path]:
    """A temporary folder for the browser, which aborts where the path of its socket is too long."""
    is_short = len(os.fsencode(tempfile.gettempdir())) <= LONGEST_TMPDIR
    return files.temporary_folder("miztiik-events-picture-", None if is_short else Path("/tmp"))
