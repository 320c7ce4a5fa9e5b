"""The runbook: a section for each alarm, with what a person at night needs."""

from __future__ import annotations

import re

import pytest

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
