"""What commands remark of the templates and the code that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..cloudformation.template_folder import PassedOver
    from ..deploy.bundle import Bundle
    from .shared_options import Options


def say_remarks(options: Options, bundles: Iterable[Bundle]) -> None:
    """Say what is left out of the zips, and what is added to them."""
    from ..deploy import bundle

    for code in bundles:
        for remark in bundle.remarks(code):
            options.say(remark)


def say_passed_over(options: Options, files: Sequence[PassedOver]) -> None:
    """Say which files of a folder are no templates, though they look like some."""
    for file in files:
        options.say(str(file), fg="yellow")
