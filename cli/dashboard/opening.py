"""A file that leads the browser to the page, and that only this user may read.

The address itself would stand on the command line of the browser, which everybody on the machine
can read.
"""

from __future__ import annotations

import html

from .. import files

NAME = "dashboard.html"
_PAGE = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={}">\n'


def door(address: str) -> str:
    """The file's address; the file stays, and leads nowhere when the page has ended."""
    target = files.cache() / NAME
    with files.writing(target, files.ELSEWHERE), files.whole(target) as draft:
        draft.touch(mode=0o600)
        draft.write_text(_PAGE.format(html.escape(address)), "utf-8")
    return target.as_uri()
