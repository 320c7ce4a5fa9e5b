"""The processes of this machine: who lives, what they were given, and where they listen."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

LISTENING = "0A"


def naming(text: str | Path) -> list[str]:
    """The commands that have the text in their arguments."""
    return [command for _, _, command in _table() if str(text) in command]


def ids_naming(text: str | Path) -> list[int]:
    return [pid for pid, _, command in _table() if str(text) in command]


def in_group(group: int) -> list[int]:
    return [pid for pid, its_group, _ in _table() if its_group == group]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet collected does not."""
    return any(pid == its_pid for its_pid, _, _ in _table())


def _table() -> list[tuple[int, int, str]]:
    # Without -ww, ps may cut the lines after 80 characters.
    columns = ["ps", "-A", "-ww", "-o", "pid=,pgid=,stat=,args="]
    table = subprocess.run(columns, capture_output=True, text=True, check=True)
    rows = (line.split(None, 3) for line in table.stdout.splitlines())
    return [
        (int(row[0]), int(row[1]), row[3])
        for row in rows
        if len(row) == 4 and not row[2].startswith("Z")
    ]


def environment(pid: int) -> str:
    """The variables that a process was started with; none when it has ended meanwhile."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    return ""


def addresses(pids: Iterable[int]) -> set[str]:
    """The addresses on which the processes listen, for TCP."""
    sockets = {link for pid in pids for link in _links(pid)}
    return {
        address
        for table in ("tcp", "tcp6")
        for address, inode in _listeners(Path("/proc/net") / table)
        if f"socket:[{inode}]" in sockets
    }


def _links(pid: int) -> list[str]:
    links = []
    # A process may end, or close a file, while we look.
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                links.append(os.readlink(entry.path))
    return links


def _listeners(table: Path) -> list[tuple[str, str]]:
    """Address and inode of each socket that listens; proc(5) tells the columns."""
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return [(_readable(row[1].partition(":")[0]), row[9]) for row in rows if row[3] == LISTENING]


def _readable(address: str) -> str:
    # Words of four bytes, each in this machine's order, which is the other one on all we run on.
    words = [bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)]
    packed = b"".join(words)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
