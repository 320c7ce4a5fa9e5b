"""`help`, for those who look for it there."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from miztiik_events.main import cli


@pytest.mark.parametrize("words", [[], ["deploy"], ["local", "start"]])
def test_it_is_what_the_option_shows(words: list[str]) -> None:
    shown = CliRunner().invoke(cli, ["help", *words])
    assert shown.exit_code == 0
    assert shown.output == CliRunner().invoke(cli, [*words, "--help"]).output


def test_a_command_that_is_none_gets_a_guess() -> None:
    refused = CliRunner().invoke(cli, ["help", "deplyo"])
    assert (refused.exit_code, "Did you mean deploy?" in refused.output) == (2, True)
    assert CliRunner().invoke(cli, ["help", "deploy", "x"]).exit_code == 2
