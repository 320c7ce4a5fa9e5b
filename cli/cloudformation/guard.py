"""What cfn-guard says: rules of one's own for templates, in AWS's policy language."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from .lint import Finding
from .template import Template

PROGRAM = "cfn-guard"
INSTALL = "https://docs.aws.amazon.com/cfn-guard/latest/ug/setting-up.html"
# How it ends when rules are broken; anything else but 0 is an error of its own.
BROKEN = 19
# It counts lines from 0.
_PLACE = re.compile(r"/Resources/[^\[\s]*\[L:(\d+),")
_RESOURCE = re.compile(r"/Resources/(\w+)")


def findings(templates: Sequence[Template], rules: Path) -> list[Finding]:
    """What the templates break of the rules, a file or a folder, by file and line.

    Raises ConfigurationError when there is no cfn-guard, or when it cannot read the rules.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise ConfigurationError(f"--guard needs {PROGRAM} on the PATH. To install it: {INSTALL}")
    found = {
        finding
        for template in templates
        for finding in _broken(template, _report(program, template, rules))
    }
    return sorted(found)


def _report(program: str, template: Template, rules: Path) -> list[Mapping[str, Any]]:
    words = ["validate", "--data", template.path, "--rules", str(rules)]
    form = ["--structured", "--output-format", "json", "--show-summary", "none"]
    ended = subprocess.run([program, *words, *form], capture_output=True, text=True)
    if ended.returncode not in (0, BROKEN):
        reason = " ".join(ended.stderr.replace("---", " ").split())
        raise ConfigurationError(f"{PROGRAM} on {template.path} with {rules}: {reason}")
    report: list[Mapping[str, Any]] = json.loads(ended.stdout)
    return report


def _broken(template: Template, report: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for rule in (broken["Rule"] for one in report for broken in one["not_compliant"]):
        for messages, check in _checks(rule["checks"]):
            text = messages.get("custom_message") or messages.get("error_message") or "is broken"
            line = _line(template, f"{messages.get('error_message')} {json.dumps(check)}")
            yield Finding(template.path, line, rule["name"], " ".join(text.split()))


def _checks(value: Any) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Each check that failed, however deep the rule has it, with its messages."""
    if isinstance(value, dict):
        if "messages" in value and "checks" not in value:
            yield value["messages"], value
        else:
            value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _checks(inner)


def _line(template: Template, text: str) -> int:
    """The line that the message names, that of its resource, or the first."""
    place, resource = _PLACE.search(text), _RESOURCE.search(text)
    if place:
        return int(place[1]) + 1
    return template.resources.get(resource[1], 1) if resource else 1
