"""A parameter's AllowedPattern, which CloudFormation reads as Java does.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
import warnings

# A pattern may take for ever with a value that it does not match.
SECONDS = 1.0
# A pattern without classes in classes, which Java has, and Python reads as something else.
_ALIKE = re.compile(r"(\\.|[^\[\\]|\[(\\.|[^\[\]\\])+\])*", re.DOTALL)


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value matches; of a pattern that Java alone can read, any value does.

    Raises TimeoutError when it takes more than SECONDS.
    """
    # It reads patterns as re does, and can be told to end.
    import regex

    if not _ALIKE.fullmatch(pattern) or "&&" in pattern:
        return True
    try:
        with warnings.catch_warnings():
            # Of what may mean something else in Python one day.
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(pattern)
            # Java's digits and words are those of ASCII.
            return regex.fullmatch(pattern, value, regex.ASCII, timeout=SECONDS) is not None
    except (re.error, regex.error, RecursionError):
        return True
