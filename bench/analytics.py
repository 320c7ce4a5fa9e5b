"""How many events a second the analytics takes, beside others: `make bench-analytics`.

All in turn over the same files, one for each shard: the program as it is, and as it was before
lateness followed arrival; the same work in Spark Structured Streaming, with its default state store
and with RocksDB; and, to see where the time goes, Flink when it only parses the events, and when it
sums them up without checking them or telling copies apart. Flink's state is in RocksDB with a
gigabyte of managed memory and a checkpoint each minute, as on one KPU of Managed Flink; only the
stream and Firehose are files. The results of those that do the same work have to be equal, row by
row, to the cent. The processor's time is that of the whole JVM.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import stream_files
import tools

from miztiik_events.local import requirements
from miztiik_events.text import as_table

HERE = Path(__file__).resolve().parent
FUNCTION = HERE.parent / "functions" / "analytics"
# The program with the OVER clock, whose escape character Flink 1.20.0 does not take.
BEFORE = "b4f6962"
SPARK = "pyspark==4.3.0"
SPARK_ROCKSDB = {
    "spark.sql.streaming.stateStore.providerClass": (
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    )
}
FLINK = {
    "restart-strategy.type": "none",
    "taskmanager.memory.managed.size": "1g",
    "state.backend.type": "rocksdb",
    "execution.checkpointing.interval": "60s",
    "execution.checkpointing.incremental": "true",
}
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Program:
    """`run` takes an empty folder, leaves the results in it, and returns the figures."""

    name: str
    title: str
    run: Callable[[Path, Path], Figures]
    has_results: bool = True


def main() -> None:
    asked = _asked()
    programs = [one for one in _programs(asked.parallelism) if one.name in asked.only]
    with tempfile.TemporaryDirectory(prefix="bench-analytics-") as name:
        folder = Path(name)
        print(f"Writing {asked.events:,} events", file=sys.stderr)
        stream_files.write(folder / "events", asked.events, asked.shards)
        figures = _measured(programs, folder, asked.repeat)
        counting = {one.title: folder / one.name for one in programs if one.has_results}
        results = {title: _rows(own / "revenue") for title, own in counting.items()}
        print(_table(figures, results, asked.events))
        _compare(results)
        _compare({title: rows for title, own in counting.items() if (rows := _rows(own / "late"))})


def _asked() -> argparse.Namespace:
    names = [program.name for program in _programs(1)]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--repeat", type=int, default=1, help="rounds; each runs every program")
    parser.add_argument("--parallelism", type=int, default=2, help="Flink's subtasks")
    parser.add_argument("--shards", type=int, default=2, help="files that the events are in")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=names,
        metavar="NAME,...",
        help=f"of {', '.join(names)}",
    )
    asked = parser.parse_args()
    if unknown := set(asked.only) - set(names):
        parser.error(f"no program {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return asked


def _programs(parallelism: int) -> Iterator[Program]:
    flink = {**FLINK, "parallelism.default": str(parallelism)}
    today = (FUNCTION / "windows.sql").read_text("utf-8")
    source = today[: today.index(";\n") + 2]
    only_parsed = source + (HERE / "parse.sql").read_text("utf-8")
    only_summed = source + (HERE / "window.sql").read_text("utf-8")
    before = {**flink, "pipeline.object-reuse": "false"}
    yield Program("now", "this program", partial(_flink, lambda: today, flink))
    yield Program("before", "this program at " + BEFORE, partial(_flink, _before, before))
    yield Program("spark", "Spark, default state store", partial(_spark, {}))
    yield Program("spark-rocksdb", "Spark, RocksDB", partial(_spark, SPARK_ROCKSDB))
    window = partial(_flink, lambda: only_summed, flink)
    yield Program("window", "Flink, a window without de-duplication", window, False)
    parse = partial(_flink, lambda: only_parsed, flink)
    yield Program("parse", "Flink, parsing alone", parse, False)


def _before() -> str:
    git = ["git", "-C", str(HERE), "show", f"{BEFORE}:functions/analytics/windows.sql"]
    sql = subprocess.run(git, capture_output=True, text=True, check=True).stdout
    return sql.replace(r"'store\_%' ESCAPE '\'", "'store!_%' ESCAPE '!'")


def _measured(programs: Sequence[Program], folder: Path, rounds: int) -> dict[str, list[Figures]]:
    """The figures of each round, by title; the programs take turns."""
    figures: dict[str, list[Figures]] = {program.title: [] for program in programs}
    for number in range(rounds):
        for program in programs:
            print(f"Round {number + 1} of {rounds}: {program.title}", file=sys.stderr)
            own = folder / program.name
            shutil.rmtree(own, ignore_errors=True)
            own.mkdir()
            figures[program.title].append(program.run(own, folder / "events"))
    return figures


def _flink(sql: Callable[[], str], settings: Mapping[str, str], own: Path, events: Path) -> Figures:
    program = re.sub(r"NOT NULL METADATA FROM '[^']*' VIRTUAL", "", sql())
    (own / "windows.sql").write_text(program, "utf-8")
    checkpoints = {"execution.checkpointing.dir": (own / "checkpoints").as_uri()}
    (own / "settings.json").write_text(json.dumps({**settings, **checkpoints}))
    (own / "groups.json").write_text(json.dumps(_groups(own, events)))
    return _figures([sys.executable, "-W", "ignore", HERE / "flink_job.py", own])


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


def _spark(settings: Mapping[str, str], own: Path, events: Path) -> Figures:
    python = tools.installed("spark", SPARK)
    values = [f"{name}={value}" for name, value in settings.items()]
    return _figures([python, HERE / "spark_job.py", events, own, *values])


def _figures(command: Sequence[str | Path]) -> Figures:
    java = {"JAVA_HOME": str(requirements.find_java()), "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(command, env={**os.environ, **java}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stderr}\n{command} failed")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


Rows = list[dict[str, Any]]


def _rows(folder: Path) -> Rows:
    """What was written, in one order, however it was spread over files."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".crc")
    texts = (path.read_text("utf-8") for path in paths if "_spark_metadata" not in path.parts)
    rows = [json.loads(line, parse_float=Decimal) for text in texts for line in text.splitlines()]
    return sorted(rows, key=lambda row: sorted(one for one in row.items() if type(one[1]) is str))


def _table(
    figures: Mapping[str, Sequence[Figures]], results: Mapping[str, Rows], count: int
) -> str:
    rows = [_row(title, rounds, results.get(title), count) for title, rounds in figures.items()]
    return as_table(rows, {name: name[:1].upper() + name[1:] for name in rows[0]})


def _row(
    title: str, rounds: Sequence[Figures], results: Rows | None, count: int
) -> dict[str, object]:
    seconds = [one["seconds"] for one in rounds]
    cpu = [one["cpu"] / count * 1_000_000 for one in rounds]
    return {
        "program": title,
        "seconds": f"{median(seconds):.1f} ({min(seconds):.1f})",
        "events a second": f"{count / median(seconds):,.0f} ({count / min(seconds):,.0f})",
        "CPU-seconds a million": f"{median(cpu):.1f} ({min(cpu):.1f})",
        "results": "-" if results is None else len(results),
        "revenue": "-" if results is None else sum(Decimal(row["revenue"]) for row in results),
    }


def _compare(rows: Mapping[str, Rows]) -> None:
    """Ends the program when two of them have different rows."""
    if not rows:
        return
    (reference, expected), *others = rows.items()
    for title, found in others:
        if found != expected:
            odd = [(one, other) for one, other in zip(expected, found) if one != other][:3]
            raise SystemExit(
                f"{reference} and {title} differ: {len(expected)} and {len(found)} rows, {odd}"
            )


if __name__ == "__main__":
    main()
