"""`results`, in each of its forms."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

import command_line
import screen
from audited_project import AuditedProject, audited_project
from miztiik_events import text
from result_line import FIELDS

if TYPE_CHECKING:
    from shared_aws import TestAws

# A number of which a float would lose digits.
FIRST = json.dumps(FIELDS).replace("8671.31", "12345678901234567.80")
SECOND = json.dumps({**FIELDS, "store_id": "store_2", "revenue": 1000.5})


@pytest.fixture(scope="module")
def project(local_aws: TestAws) -> Iterator[AuditedProject]:
    with audited_project(local_aws) as deployed:
        deployed.store([SECOND, FIRST, "no json"])
        deployed.store([FIRST])
        yield deployed


@pytest.fixture
def empty(local_aws: TestAws) -> Iterator[AuditedProject]:
    with audited_project(local_aws) as deployed:
        yield deployed


def test_a_pipe_gets_the_lines_as_they_were_written(project: AuditedProject) -> None:
    done = project.run("results", "--all")
    assert done.returncode == 0
    assert done.stdout == f"{FIRST}\n{SECOND}\n"
    assert "Not a result: 1 line, the first in" in done.stderr


def test_json_is_an_array_of_the_same_lines(project: AuditedProject) -> None:
    text = project.run("results", "--all", "--output=json").stdout
    assert json.loads(text) == [json.loads(FIRST), json.loads(SECOND)]
    assert "12345678901234567.80" in text


def test_the_table_has_a_total(project: AuditedProject) -> None:
    lines = project.run("results", "--all", "--output=table").stdout.splitlines()
    assert lines[0].split("  ")[0] == "Window's end (UTC)"
    revenue, net = "12,345,678,901,235,568.30", "12,345,678,901,235,368.30"
    assert lines[-1].split() == ["Total", revenue, "200.00", net, "40", "4"]


def test_windows_of_two_lengths_are_shown_with_their_start(empty: AuditedProject) -> None:
    empty.store([FIRST, json.dumps({**FIELDS, "window_start": "2021-01-31 14:45:00.000"})])
    done = empty.run("results", "--all", "--output=table")
    heading, _, first, second, _, total = done.stdout.splitlines()
    assert heading.startswith("Window's start (UTC)  Window's end (UTC)")
    assert [text[11:16] for text in (first, second)] == ["14:45", "14:46"]
    assert total.startswith("Total")
    assert "Contradicting" not in done.stderr


def test_one_store_alone(project: AuditedProject) -> None:
    assert project.run("results", "--all", "--store=store_2").stdout == f"{SECOND}\n"
    done = project.run("results", "--all", "--store=store_3")
    assert (done.returncode, done.stdout) == (0, "")
    assert "There are: store_1, store_2" in done.stderr


def at(end: datetime, **changes: Any) -> str:
    """The line of a window of a minute that ended then."""
    times = {"timestamp": end, "window_start": end - timedelta(minutes=1)}
    texts = {name: f"{time:%Y-%m-%d %H:%M:%S}.000" for name, time in times.items()}
    return json.dumps({**FIELDS, **texts, **changes})


def test_the_last_hour_is_shown_unless_something_else_is_asked_for(empty: AuditedProject) -> None:
    now = datetime.now(timezone.utc)
    lines = [at(now - timedelta(minutes=minutes)) for minutes in (150, 61, 59)]
    empty.store(lines)
    done = empty.run("results")
    assert done.stdout == f"{lines[-1]}\n"
    assert "The last hour, since " in done.stderr
    assert empty.run("results", "--since=2h").stdout.splitlines() == lines[1:]
    assert empty.run("results", "--until=1h").stdout.splitlines() == lines[1:2]
    assert empty.run("results", "--since=3h", "--until=2h").stdout.splitlines() == lines[:1]
    every = empty.run("results", "--all")
    assert (every.stdout.splitlines(), every.stderr) == (lines, "")
    none = empty.run("results", "--since=1m")
    assert "The newest were written at" in none.stderr


def test_sums_by_hour_and_of_the_first_stores_alone(empty: AuditedProject) -> None:
    hour = datetime(2021, 1, 31, 14, tzinfo=timezone.utc)
    times = [hour + timedelta(minutes=minutes) for minutes in (1, 60, 61)]
    empty.store([at(time, store_id=f"store_{n}", revenue=n) for time in times for n in (1, 2)])
    empty.store([at(hour, store_id="store_3", revenue=0.5, returned_revenue=0.25)])
    command = ("results", "--all", "--by=hour", "--store=store_2")
    sums = [json.loads(line) for line in empty.run(*command).stdout.splitlines()]
    assert [(one["window_start"][11:16], one["revenue"]) for one in sums] == [
        ("14:00", 4),
        ("15:00", 2),
    ]
    csv = empty.run("results", "--all", "--top=1", "--output=csv").stdout.splitlines()
    # Of what comes back least: 100 of each of the others.
    assert csv[0].startswith("store_id,timestamp,window_start,revenue,")
    assert [line.split(",")[0] for line in csv[1:]] == ["store_3"]
    assert csv[1].endswith(",0.5,20,2,0.25,0.25")
    table = empty.run("results", "--all", "--top=1", "--output=table").stdout.splitlines()
    assert [line.split()[0] for line in (table[2], table[3], table[5])] == ["store_3", "2", "Total"]


def test_many_rows_are_shown_by_store(empty: AuditedProject) -> None:
    start = datetime(2021, 1, 31, 14, tzinfo=timezone.utc)
    empty.store([at(start + timedelta(minutes=minute)) for minute in range(61)])
    done = empty.run("results", "--all", "--output=table")
    assert [line.split()[0] for line in done.stdout.splitlines()[2:]] == [
        "store_1",
        "───────",
        "Total",
    ]
    assert "61 rows" in done.stderr
    rows = empty.run("results", "--all", "--by=window", "--output=table").stdout.splitlines()
    assert len(rows) == 61 + 4


@pytest.mark.parametrize(
    "options",
    [
        ("--all", "--since=1h"),
        ("--since=1h", "--until=2h"),
        ("--follow", "--by=hour"),
        ("--follow", "--output=json"),
        ("--top=0",),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(options: tuple[str, ...]) -> None:
    assert command_line.run({}, "results", *options).returncode == 2


HOSTILE = (
    "store_" + "x" * 250,
    "store_\x1b[31m\n\u202e\ud800",
    "store_\u05d7\u05e0\u05d5\u05ea",
    "store_\u6771\u4eac\u0301",
)


def said(line: str) -> bool:
    """Whether it is of what is said beside the table, where a key is never broken."""
    return "Not a result" in line or "sales_revenue/" in line


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_no_name_and_no_number_breaks_the_table(empty: AuditedProject, columns: int) -> None:
    unreadable = ["1e999999", "1e99999999999999999999", "-1e30", "NaN", '"8671.31"', "1e-400"]
    good = json.dumps({**FIELDS, "revenue": 8671.31})
    empty.store([good.replace("8671.31", number) for number in unreadable])
    empty.store([json.dumps({**FIELDS, "store_id": name, "revenue": -5}) for name in HOSTILE])
    command = ("results", "--all", "--project", empty.name)
    with screen.terminal(empty.aws.environment, *command, columns=columns) as terminal:
        assert terminal.end() == 0
    assert "Not a result: 6 lines" in terminal.raw
    assert "\x1b[3" not in terminal.raw
    table = terminal.raw.replace("\r\n", "\n").split("\n")
    widths = [text.breadth(line) for line in table if not said(line)]
    assert max(widths) <= columns
    assert len([line for line in table if "store_" in line]) == len(HOSTILE)


def test_a_time_that_is_none_is_a_wrong_usage(project: AuditedProject) -> None:
    done = project.run("results", "--since=yesterday")
    assert done.returncode == 2
    assert "'yesterday'" in done.stderr


@pytest.mark.parametrize(("form", "output"), [("ndjson", ""), ("json", "[\n]\n"), ("table", "")])
def test_no_data_is_no_failure_and_says_what_to_do(
    empty: AuditedProject, form: str, output: str
) -> None:
    done = empty.run("results", "--all", f"--output={form}")
    assert (done.returncode, done.stdout) == (0, output)
    assert "miztiik-events produce" in done.stderr


def test_before_deploy_it_says_what_comes_first(local_aws: TestAws) -> None:
    done = command_line.run(local_aws.environment, "results", "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr


def test_followed_results_come_as_they_are_written_until_cancelled(empty: AuditedProject) -> None:
    empty.store([FIRST])
    following = subprocess.Popen(
        [command_line.PROGRAM, "results", "--follow", "--all", "--project", empty.name],
        env={**os.environ, **command_line.NO_SETTINGS, **empty.aws.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert following.stdout
    assert following.stdout.readline() == f"{FIRST}\n"
    empty.store([FIRST, SECOND])
    assert following.stdout.readline() == f"{SECOND}\n"
    following.send_signal(signal.SIGINT)
    rest, said = following.communicate(timeout=30)
    assert (following.returncode, rest) == (130, "")
    assert "Waiting for windows of 10 s" in said
    assert "miztiik-events start-analytics" in said
    assert "Cancelled" not in said


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_following_on_a_terminal_fits_it_and_says_what_it_waits_for(
    empty: AuditedProject, columns: int
) -> None:
    empty.store([FIRST.replace("12345678901234567.80", "1234567.80")])
    command = ("results", "--follow", "--all", "--project", empty.name)
    with screen.terminal(empty.aws.environment, *command, columns=columns) as terminal:
        terminal.until("Waiting; so far 1,234,467.80 net")
        terminal.press("\x03")
        assert terminal.end() == 130
    heading, row = (
        line for line in terminal.raw.split("\r\n") if " store_1 " in line or "Store " in line
    )
    assert "Net" in heading
    assert max(len(heading), len(row)) <= columns
