"""Rules of one's own, by cfn-guard."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import scanners
from miztiik_events.cloudformation import guard, template
from miztiik_events.cloudformation.lint import Finding
from miztiik_events.errors import ConfigurationError

TEMPLATE = """\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 10
  Topic:
    Type: AWS::SNS::Topic
"""
RULES = """\
let queues = Resources.*[ Type == 'AWS::SQS::Queue' ]
rule queue_timeout when %queues !empty {
  %queues.Properties.VisibilityTimeout >= LEAST <<Queues wait for 30 s.>>
}
rule no_topics {
  Resources.Topic !exists
}
"""


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scanners.PROGRAMS[scanners.platform.system(), scanners.platform.machine()]
    path = scanners.installed().folder / "package" / "bin" / folder
    monkeypatch.setenv("PATH", str(path), prepend=os.pathsep)


def findings(folder: Path, rules: str) -> list[Finding]:
    own = folder / "own.yaml"
    own.write_text(TEMPLATE)
    written = folder / "own.guard"
    written.write_text(rules)
    return guard.findings([template.load(own)], written)


@pytest.mark.tools
def test_what_breaks_a_rule_is_told_with_its_line(program: None, tmp_path: Path) -> None:
    timeout, topics = sorted(
        findings(tmp_path, RULES.replace("LEAST", "30")), key=lambda found: found.line
    )
    assert (timeout.line, timeout.rule) == (5, "queue_timeout")
    assert timeout.message == "Queues wait for 30 s."
    assert (topics.line, topics.rule) == (7, "no_topics")
    kept = RULES.partition("rule no_topics")[0].replace("LEAST", "10")
    assert findings(tmp_path, kept) == []


@pytest.mark.tools
def test_rules_that_are_none_are_no_finding(program: None, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Error parsing file own\.guard at line 1"):
        findings(tmp_path, "bad {")


def test_without_the_program_it_says_where_it_is_to_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"To install it: https://docs\.aws"):
        findings(tmp_path, RULES)
