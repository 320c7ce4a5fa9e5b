"""What cfn-lint finds in templates; the only module that imports it, which takes long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .template import Template


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

    matches = lint_by_config(ManualArgs(templates=[template.path for template in templates]))
    return sorted({Finding(str(m.filename), m.linenumber, m.rule.id, m.message) for m in matches})
