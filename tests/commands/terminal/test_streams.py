"""Streams that cannot take every character, or are not there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from miztiik_events.commands.shared_options import folded

PROGRAM = """
import sys
from miztiik_events.commands.terminal import streams
streams.prepare()
import click
click.echo(sys.argv[1])
click.echo("said", err=True)
print(sys.stdin.isatty(), file=sys.stderr)
"""


def echoed(text: str, encoding: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, text],
        env={"PYTHONIOENCODING": encoding},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return done.stdout.rstrip(b"\n")


def test_what_an_encoding_has_is_as_it_is() -> None:
    assert echoed("é", "latin-1") == "é".encode("latin-1")
    assert echoed("é…😀", "utf-8") == "é…😀".encode()


def test_what_it_lacks_of_ours_is_plain() -> None:
    assert echoed("a ── b…", "latin-1") == b"a -- b..."


def test_json_stays_what_it_means() -> None:
    record = {"a": "é…😀"}
    text = json.dumps(record, ensure_ascii=False)
    assert json.loads(echoed(text, "latin-1").decode("latin-1")) == record


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_no_failure(closed: str) -> None:
    done = subprocess.run(["sh", "-c", f'exec "$0" -c "$1" a {closed}', sys.executable, PROGRAM])
    assert done.returncode == 0


def test_a_line_that_is_too_long_is_folded_between_words() -> None:
    assert folded("short\nNext: a command --with-an-option", 20) == (
        "short\nNext: a command\n--with-an-option"
    )
