"""How long the command line takes, beside the AWS CLI, SAM and CDK: `make bench-cli`.

All on one AWS on this machine, in turn, on the same templates. It prints a table and judges
nothing. What each tool does for an operation stands in tools.py.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from statistics import median

import tools

from miztiik_events.local import launch
from miztiik_events.text import as_table

# In an order that each round can take: what is deployed is there for those after it.
OPERATIONS = ("--help", "--version", "deploy", "status", "deploy, no change", "destroy")
TIMEOUT = 900
Times = dict[tuple[str, str], list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="rounds (default: %(default)s)")
    runs = parser.parse_args().runs
    found = tools.every()
    times: Times = defaultdict(list)
    failures: dict[tuple[str, str], str] = {}
    with launch.local_aws() as aws:
        variables = tools.environment(aws.environment)
        for tool in found:
            _, failure = _timed(tool.prepare or "true", variables)
            if failure:
                failures[tool.name, "preparation"] = failure
        for number in range(runs):
            for tool in found:
                print(f"Round {number + 1} of {runs}: {tool.name}", file=sys.stderr)
                _round(tool, variables, times, failures)
    print(_shown(found, times, runs))
    for (tool_name, operation), reason in failures.items():
        print(f"{tool_name}, {operation}: could not be done: {reason}")


def _round(
    tool: tools.Tool,
    variables: Mapping[str, str],
    times: Times,
    failures: dict[tuple[str, str], str],
) -> None:
    for operation in OPERATIONS:
        command = tool.operations.get(operation)
        if command:
            seconds, failure = _timed(command, variables)
            print(f"  {operation:<18}{seconds:8.2f} s", file=sys.stderr)
            if failure:
                failures[tool.name, operation] = failure
            else:
                times[tool.name, operation].append(seconds)


def _timed(command: str, variables: Mapping[str, str]) -> tuple[float, str]:
    """The seconds that the command took, and why it failed; empty when it did not."""
    started = time.monotonic()
    done = subprocess.run(
        command,
        shell=True,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
    )
    seconds = time.monotonic() - started
    said = [line for line in done.stdout.splitlines() if line.strip()]
    return seconds, (said or ["it said nothing"])[-1] if done.returncode else ""


def _shown(found: list[tools.Tool], times: Times, runs: int) -> str:
    rows = [
        {"operation": operation, **{tool.name: _cell(times, tool, operation) for tool in found}}
        for operation in OPERATIONS
    ]
    headings = {"operation": "Seconds", **{tool.name: tool.name for tool in found}}
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    lines = [
        *(f"{tool.name}: {tool.version}" for tool in found),
        f"Median of {runs} runs (least to most); {os.cpu_count()} processors, load {load}",
        "",
        as_table(rows, headings),
    ]
    return "\n".join(lines)


def _cell(times: Times, tool: tools.Tool, operation: str) -> str:
    seconds = times[tool.name, operation]
    if not seconds:
        return "-"
    return f"{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    main()
