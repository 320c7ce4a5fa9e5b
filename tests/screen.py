"""`miztiik-events` on a terminal that belongs to it, with a screen to look at and keys to press."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import command_line

SECONDS = 30
SEQUENCE = re.compile(r"\x1b\[\??([0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


@dataclass
class Screen:
    """What a terminal shows of the text written to it, as far as the live view uses terminals."""

    lines: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0
    is_cursor_shown: bool = True

    def write(self, text: str) -> None:
        for number, command, control, plain in SEQUENCE.findall(text):
            if command:
                self._obey(number, command)
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self.row += 1
                self.lines += [""] * (self.row + 1 - len(self.lines))
            else:
                line = self.lines[self.row].ljust(self.column)
                end = self.column + len(plain)
                self.lines[self.row], self.column = line[: self.column] + plain + line[end:], end

    def _obey(self, number: str, command: str) -> None:
        if command == "A":
            self.row = max(self.row - int(number), 0)
        elif command in "KJ":
            self.lines[self.row] = self.lines[self.row][: self.column]
            if command == "J":
                del self.lines[self.row + 1 :]
        elif command in "hl":
            self.is_cursor_shown = command == "h"
        else:
            assert command == "m", f"the screen does not know {command!r}"


@dataclass
class Terminal:
    """A program's terminal; `raw` is all that came on it."""

    process: subprocess.Popen[bytes]
    ours: int
    screen: Screen = field(default_factory=Screen)
    raw: str = ""

    @property
    def shown(self) -> str:
        return "\n".join(self.screen.lines)

    def until(self, pattern: str) -> str:
        """What is shown as soon as the pattern is found there; fails when it never is."""
        deadline = time.monotonic() + SECONDS
        while not re.search(pattern, self.shown):
            assert time.monotonic() < deadline, f"never {pattern!r} in\n{self.shown}"
            assert self._read(), f"it ended without {pattern!r} in\n{self.shown}"
        return self.shown

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def end(self) -> int:
        """The exit code, when the program has ended by itself."""
        while self._read():
            pass
        return self.process.wait(SECONDS)

    def _read(self) -> bool:
        # Linux tells by an error that the program has let its terminal go.
        with suppress(OSError):
            ready, _, _ = select.select([self.ours], [], [], SECONDS)
            assert ready, f"it stands still at\n{self.shown}"
            text = os.read(self.ours, 65536).decode()
            self.raw += text
            self.screen.write(text)
            return bool(text)
        return False


@contextmanager
def terminal(
    environment: Mapping[str, str],
    *arguments: str,
    columns: int = 80,
    rows: int = 24,
    starter: Sequence[str] = (),
) -> Iterator[Terminal]:
    """The program with these arguments on a terminal of this size; `starter` is what runs it."""
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)
    process = subprocess.Popen(
        [*starter, command_line.PROGRAM, *arguments],
        env={**os.environ, **command_line.NO_SETTINGS, "TERM": "xterm", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        # The first terminal that a session opens is its own: Ctrl-C comes from there.
        preexec_fn=lambda: os.close(os.open(name, os.O_RDWR)),
    )
    running = Terminal(process, ours)
    try:
        running.resize(columns, rows)
        os.close(theirs)
        yield running
    finally:
        process.kill()
        process.wait()
        os.close(ours)
