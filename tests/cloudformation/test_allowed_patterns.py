"""AllowedPattern is read as Java reads it, as far as Python can tell."""

from __future__ import annotations

import pytest

from miztiik_events.cloudformation import allowed_patterns


@pytest.mark.parametrize(
    ("pattern", "value", "does"),
    [
        ("[a-z]+", "abc", True),
        ("[a-z]+", "abc1", False),
        # The digits of Java's \d are those of ASCII.
        (r"\d+", "42", True),
        (r"\d+", "٤٢", False),
        # Java's alone: classes of its own, in each other, and what they have in common.
        (r"\p{Alpha}+", "1", True),
        ("[a-z[0-9]]+", "-", True),
        ("[a-z&&[^b]]", "b", True),
        ("(?<name>a)(", "b", True),
    ],
)
def test_a_value_matches_as_a_whole_or_the_pattern_is_left_to_java(
    pattern: str, value: str, does: bool
) -> None:
    assert allowed_patterns.matches(pattern, value) is does


def test_a_pattern_that_takes_for_ever_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        allowed_patterns.matches("(a|aa)+", "a" * 60 + "b")
