"""The AWS CLI, for the tests of what a person does with it.

It is installed once, into an environment of its own inside the tests': it pins another botocore.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

AWSCLI = "awscli==1.46.3"


def folder() -> Path:
    """The folder of the program `aws`."""
    found = Path(sys.prefix) / "awscli" / "bin"
    if not (found / "aws").exists():
        subprocess.run([sys.executable, "-m", "venv", found.parent], check=True)
        pip = [found / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, AWSCLI], check=True)
    return found
