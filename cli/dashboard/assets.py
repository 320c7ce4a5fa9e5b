"""The files that the page is made of: ours, and the chart library's, which comes with plotly."""

from __future__ import annotations

import sys
from importlib import util
from importlib.resources import files
from pathlib import Path

from ..errors import ConfigurationError

NEEDED = ("starlette", "uvicorn", "plotly")
PAGE, STYLE, SCRIPT, CHARTS = "page.html", "page.css", "page.js", "plotly.min.js"
TYPES = {
    PAGE: "text/html; charset=utf-8",
    STYLE: "text/css; charset=utf-8",
    SCRIPT: "text/javascript; charset=utf-8",
    CHARTS: "text/javascript; charset=utf-8",
}


def missing() -> list[str]:
    """The packages of the extra that are not installed."""
    return [name for name in NEEDED if not util.find_spec(name)]


def require() -> None:
    """Raise ConfigurationError, with the command that installs it, when the extra is missing."""
    if missing():
        raise ConfigurationError(
            f"The page needs {', '.join(missing())}. Next, in a checkout: "
            f"{sys.executable} -m pip install '.[dashboard]'"
        )


def read(name: str) -> str:
    if name == CHARTS:
        return _plotly().read_text("utf-8")
    return (files(__package__) / "page" / name).read_text("utf-8")


def _plotly() -> Path:
    # Not by an import: that takes a second, and the library's Python part is not needed.
    spec = util.find_spec("plotly")
    folders = spec.submodule_search_locations if spec else None
    return Path(next(iter(folders or [""])), "package_data", CHARTS)
