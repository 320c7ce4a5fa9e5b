"""What cfn-lint finds in templates; the only module that imports it, which takes long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import files
from . import nodes
from .template import Template

if TYPE_CHECKING:
    from pathlib import Path


# That only `aws cloudformation package` takes a local path: so does a deploy of ours.
_LOCAL_PATH = "W3002"


@dataclass(frozen=True, order=True)
class Finding:
    """A rule of cfn-lint that a template does not keep, and where."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule} {self.message}"


def findings(templates: Iterable[Template]) -> list[Finding]:
    """What cfn-lint finds, by file and line; its settings come from .cfnlintrc as with its own
    command. Importing it takes longer than all the rest of this program."""
    from cfnlint.api import lint_by_config  # type: ignore[import-untyped]
    from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

    with files.temporary_folder("miztiik-events-lint-") as folder:
        paths = {_readable(template, folder): template.path for template in templates}
        matches = lint_by_config(ManualArgs(templates=list(paths)))
    found = ((paths.get(str(match.filename), str(match.filename)), match) for match in matches)
    return sorted(
        {
            Finding(path, m.linenumber, m.rule.id, m.message)
            for path, m in found
            if m.rule.id != _LOCAL_PATH
        }
    )


def _readable(template: Template, folder: Path) -> str:
    """The template's file, or one of the same lines where cfn-lint cannot read JSON as it is.

    Nor has it a word for a path that the locale cannot write.
    """
    plain = nodes.as_yaml(template.body)
    if plain == template.body and template.path.isprintable():
        return template.path
    path = folder / f"{template.name}.{'json' if nodes.is_json(plain) else 'yaml'}"
    path.write_text(plain, "utf-8")
    return str(path)
