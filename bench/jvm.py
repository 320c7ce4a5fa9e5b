"""What a JVM that Python drives through py4j has taken of the processor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def cpu_seconds(jvm: Any) -> float:
    """Of all its threads so far: planner, compiler, garbage collection and RocksDB among them."""
    pid = jvm.java.lang.ProcessHandle.current().pid()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
