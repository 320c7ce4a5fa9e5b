"""What the commands that package code say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..deploy.bundle import Bundle
    from .options import Options


def say_remarks(options: Options, bundles: Iterable[Bundle]) -> None:
    """Say what is left out of the zips, and what is added to them."""
    from ..deploy import bundle

    for code in bundles:
        for remark in bundle.remarks(code):
            options.say(remark)
