"""The runbook: a section for each alarm, and commands that exist."""

from __future__ import annotations

import re
import shlex
from functools import cache

import pytest

import command_line
from miztiik_events.commands import completion
from repository import DOCS
from template_trees import TREES

TEXT = (DOCS / "runbook.md").read_text("utf-8")
ALARM = "AWS::CloudWatch::Alarm"
ALARMS = {
    name.removesuffix("Alarm"): alarm
    for tree in TREES
    for name, alarm in tree.properties(ALARM).items()
}
OF_ALARMS, _, OF_SITUATIONS = TEXT.partition("\n# Without an alarm\n")
PROGRAM = "miztiik-events"


def sections(text: str) -> dict[str, str]:
    """The text below each heading of the second level."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def anchor(heading: str) -> str:
    """What a heading is linked to by, as GitHub and GitLab make it."""
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))


def commands() -> list[str]:
    """Every call of the program: a line of an example, or quoted in a sentence."""
    lines = re.findall(rf"^{PROGRAM} .*$", TEXT, re.MULTILINE)
    return sorted({*lines, *re.findall(rf"`({PROGRAM} [^`]+)`", TEXT)})


@cache
def explained(command: str) -> str:
    done = command_line.run({}, command, "--help")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_alarm_has_a_section_and_each_section_an_alarm() -> None:
    assert sections(OF_ALARMS).keys() == ALARMS.keys()
    assert len(sections(OF_SITUATIONS)) == 3


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_leads_to_its_section(name: str) -> None:
    text = ALARMS[name]["AlarmDescription"]["Fn::Sub"]
    sentence, _, place = text.partition(" See ")
    assert place == f"${{RunbookUrl}}#{anchor(name)}"
    assert re.fullmatch(r"[A-Z].*\.", sentence)


@pytest.mark.parametrize(("heading", "text"), sections(TEXT).items(), ids=sections(TEXT))
def test_a_section_says_what_a_person_at_night_needs(heading: str, text: str) -> None:
    said = " ".join(re.findall(r"\*\*(.+?):\*\*", text)).lower()
    for point in ("means", "affected", "way out", "over when"):
        assert point in said, heading
    assert PROGRAM in text


@pytest.mark.parametrize("line", commands())
def test_every_command_and_option_exists(line: str) -> None:
    command, *rest = shlex.split(line)[1:]
    for option in (word for word in rest if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", explained(command)), option
    assert explained(command)


def test_what_a_command_is_about_exists() -> None:
    known = {"redrive": completion.queue_names(), "logs": completion.component_names()}
    for command, names in known.items():
        calls = [line.partition(" --")[0].split() for line in commands()]
        asked = {word for call in calls if call[1] == command for word in call[2:]}
        assert asked
        assert asked <= set(names)


def test_every_parameter_exists() -> None:
    asked = {line.partition(" -p ")[2].partition("=")[0] for line in commands() if " -p " in line}
    assert asked
    assert asked <= {name for tree in TREES for name in tree.parameters}


def test_every_link_leads_to_a_section() -> None:
    found = re.findall(r"\]\(#([^)]+)\)", TEXT)
    assert found
    assert set(found) <= {anchor(heading) for heading in sections(TEXT)}
