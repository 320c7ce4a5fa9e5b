"""cfn-lint's findings, once each and in order."""

from __future__ import annotations

from pathlib import Path

from miztiik_events.cloudformation import lint, template_folder
from miztiik_events.cloudformation.lint import Finding

UNUSED = """\
Parameters:
  Unused: {Type: String, Default: x}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: long}
"""


def test_findings_are_told_by_file_and_line(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text(UNUSED)
    findings = lint.findings(reversed(template_folder.load_all(tmp_path)))
    assert [(Path(found.path).name, found.line, found.rule) for found in findings] == [
        *(("a.yaml", 2, "W2001"), ("a.yaml", 6, "E3012")),
        *(("b.yaml", 2, "W2001"), ("b.yaml", 6, "E3012")),
    ]


def test_a_path_that_the_locale_cannot_write_is_no_hindrance(tmp_path: Path) -> None:
    folder = tmp_path / "caf\udce9"
    folder.mkdir()
    (folder / "a.yaml").write_text(UNUSED)
    found = lint.findings(template_folder.load_all(folder))
    assert [finding.path for finding in found] == [str(folder / "a.yaml")] * 2


def test_a_finding_reads_like_a_compilers() -> None:
    assert str(Finding("a.yaml", 2, "W2001", "Unused")) == "a.yaml:2: W2001 Unused"
