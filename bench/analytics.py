"""How many events a second the analytics takes, beside the program of before: bench-analytics.

Both over the same two files, as of two shards, in one run: on RocksDB with a gigabyte of managed
memory, two subtasks, a checkpoint each minute, as on one KPU of Managed Flink. Only the stream and
Firehose are files. One event in ten is a copy, one in a hundred is malformed. Their results have to
be equal. The processor's time is that of the whole JVM, Flink's planner and RocksDB among it.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from miztiik_events.text import as_table

ROOT = Path(__file__).resolve().parents[1]
FUNCTION = ROOT / "functions" / "analytics"
# The program with the OVER clock, whose escape character Flink 1.20.0 does not take.
BEFORE = "b4f6962"
SHARDS = 2
SPAN = timedelta(minutes=10)
START = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
SETTINGS = {
    "parallelism.default": str(SHARDS),
    "restart-strategy.type": "none",
    "taskmanager.memory.managed.size": "1g",
    "state.backend.type": "rocksdb",
    "execution.checkpointing.interval": "60s",
    "execution.checkpointing.incremental": "true",
}
CLOCK_TICKS = 100


@dataclass(frozen=True)
class Program:
    name: str
    sql: str
    settings: dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps(_run(Path(asked.run))))
        return
    with tempfile.TemporaryDirectory(prefix="bench-analytics-") as name:
        _compare(Path(name), asked.events)


def _compare(folder: Path, count: int) -> None:
    events = folder / "events"
    _write(events, count)
    rows, results = [], []
    for program in _programs():
        print(program.name, file=sys.stderr)
        figures = _measured(program, folder, events)
        results.append(_lines(folder / program.name))
        rows.append(
            {
                "program": program.name,
                "seconds": round(figures["seconds"], 1),
                "events a second": round(count / figures["seconds"]),
                "CPU-seconds a million": round(figures["cpu"] / count * 1_000_000, 1),
                "results": len(results[-1]),
            }
        )
    print(as_table(rows, {name: name.capitalize() for name in rows[0]}))
    if results[0] != results[1]:
        raise SystemExit("The results differ")


def _programs() -> Iterator[Program]:
    git = ["git", "-C", str(ROOT), "show", f"{BEFORE}:functions/analytics/windows.sql"]
    before = subprocess.run(git, capture_output=True, text=True, check=True).stdout
    before = before.replace(r"'store\_%' ESCAPE '\'", "'store!_%' ESCAPE '!'")
    yield Program("before", before, {"pipeline.object-reuse": "false"})
    yield Program("now", (FUNCTION / "windows.sql").read_text("utf-8"), {})


def _measured(program: Program, folder: Path, events: Path) -> dict[str, float]:
    """In a process of its own, with its own JVM."""
    own = folder / program.name
    own.mkdir()
    sql = re.sub(r"NOT NULL METADATA FROM '[^']*' VIRTUAL", "", program.sql)
    (own / "windows.sql").write_text(sql, "utf-8")
    where = {"execution.checkpointing.dir": (own / "checkpoints").as_uri()}
    (own / "settings.json").write_text(json.dumps({**SETTINGS, **where, **program.settings}))
    (own / "groups.json").write_text(json.dumps(_groups(own, events)))
    command = [sys.executable, "-W", "ignore", __file__, "--run", str(own)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _groups(own: Path, events: Path) -> dict[str, dict[str, str]]:
    def files(path: Path) -> dict[str, str]:
        return {"connector": "filesystem", "path": path.as_uri()}

    windows = {"length.seconds": "60", "allowed.lateness.seconds": "5"}
    return {
        "windows": {**windows, "first.start": "1970-01-01T00:00:00.000Z"},
        "source": files(events),
        "revenue.sink": files(own / "revenue"),
        "late.sink": files(own / "late"),
    }


def _run(own: Path) -> dict[str, float]:
    sys.path.insert(0, str(FUNCTION))
    import main as function

    settings = {**function.SETTINGS, **json.loads((own / "settings.json").read_text())}
    groups = json.loads((own / "groups.json").read_text())
    inserts = function.prepare(function.program(groups, own / "windows.sql"), settings)
    cpu, started = _cpu_seconds(), time.monotonic()
    inserts.execute().wait()
    return {"seconds": time.monotonic() - started, "cpu": _cpu_seconds() - cpu}


def _cpu_seconds() -> float:
    """Of the JVM so far, from Linux's own books."""
    from pyflink.java_gateway import get_gateway

    pid = get_gateway().jvm.java.lang.ProcessHandle.current().pid()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def _lines(own: Path) -> list[str]:
    """Every result, and every record that was set aside, in an order of their own."""
    paths = [path for kind in ("revenue", "late") for path in (own / kind).rglob("*")]
    texts = [path.read_text("utf-8") for path in paths if path.is_file()]
    return sorted(line for text in texts for line in text.splitlines())


def _write(folder: Path, count: int) -> None:
    """As the stream has them, its metadata as fields; copies of an event are in one shard."""
    folder.mkdir()
    chance = random.Random(7)
    files = [(folder / f"shard{number}.json").open("w") for number in range(SHARDS)]
    kept: list[list[dict[str, Any]]] = [[] for _ in files]
    for number in range(count):
        shard = number % SHARDS
        moment = f"{START + SPAN * number / count:%Y-%m-%dT%H:%M:%SZ}"
        if kept[shard] and chance.random() < 0.1:
            event = chance.choice(kept[shard])
        else:
            event = _event(chance, moment)
            kept[shard].append(event)
            del kept[shard][:-20]
        place = {"shard_id": f"shardId-{shard:012}", "sequence_number": f"{number:056}"}
        files[shard].write(json.dumps({**event, "arrival": moment, **place}) + "\n")
    for file in files:
        file.close()


def _event(chance: random.Random, moment: str) -> dict[str, Any]:
    detail = {
        "request_id": str(uuid.UUID(int=chance.getrandbits(128))),
        "name": "Minotaur",
        "category": "Books",
        "store_id": f"store_{chance.randint(1, 5)}" if chance.random() < 0.99 else "shop",
        "sales": chance.randint(1, 10_000) / 100,
        "contact_me": "github.com/miztiik",
        "is_return": chance.random() < 0.1,
    }
    return {
        "version": "0",
        "id": str(uuid.UUID(int=chance.getrandbits(128))),
        "detail-type": "sales-events",
        "source": "Miztiik-Automation-Data-Producer",
        "account": "000000000000",
        "time": moment,
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }


if __name__ == "__main__":
    main()
