"""`verify` on a stream and a data store that were filled by hand: what it proves, what it finds."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

import command_line
from audited_project import (
    SHARDS,
    AuditedProject,
    arriving_now,
    audited_project,
    envelope,
    result_lines,
    sales,
)

if TYPE_CHECKING:
    from shared_aws import TestAws

Lines = list[dict[str, Any]]


@pytest.fixture
def project(past: TestAws) -> Iterator[AuditedProject]:
    with audited_project(past) as deployed:
        yield deployed


def audit(project: AuditedProject, exit_code: int = 0, wait: float = 0) -> dict[str, Any]:
    done = project.run("verify", f"--wait={wait}", "--output=json")
    assert done.returncode == exit_code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def sell(project: AuditedProject, count: int = 300) -> Lines:
    """Sales of the last minutes, in windows that are closed; the results that they give."""
    now = time.time()
    envelopes = sales(count, seed=1, over=(now - 100, now - 30))
    project.send(envelopes)
    project.beat()
    return result_lines(envelopes)


def test_results_that_are_right_are_proven_to_the_cent(project: AuditedProject) -> None:
    project.store(sell(project))
    found = audit(project)
    assert found["differences"] == []
    assert found["counts"]["counted"] == 300
    assert sum(found["shards"].values()) == found["counts"]["records"] == 302
    assert sum(window["sales"] for window in found["windows"]) == 300
    assert {window["differences"] for window in found["windows"]} == {0}


def test_closed_shards_are_read_beside_the_open_ones(project: AuditedProject) -> None:
    now = time.time()
    before, after = (sales(200, seed=seed, over=(now - 100, now - 30)) for seed in (1, 2))
    project.send(before)
    project.reshard(2 * SHARDS)
    late = project.send(arriving_now([after[0]]))[0]
    project.send(after[1:])
    project.beat()
    project.record("late", late)
    project.store(result_lines([*before, *after[1:]]))
    found = audit(project)
    assert found["differences"] == []
    assert (found["counts"]["counted"], found["counts"]["late"]) == (399, 1)
    assert len([count for count in found["shards"].values() if count > 20]) == 3 * SHARDS


def a_cent_changed(lines: Lines) -> Lines:
    lines[7]["revenue"] = round(lines[7]["revenue"] + 0.01, 2)
    return lines


def an_order_too_many(lines: Lines) -> Lines:
    lines[7]["orders"] += 1
    return lines


def a_row_missing(lines: Lines) -> Lines:
    return lines[1:]


def a_row_too_many(lines: Lines) -> Lines:
    return [*lines, {**lines[0], "store_id": "store_99"}]


def a_row_that_contradicts(lines: Lines) -> Lines:
    return [*lines, {**lines[0], "revenue": 1}]


@pytest.mark.parametrize(
    ("doctor", "what"),
    [
        (a_cent_changed, "revenue"),
        (an_order_too_many, "orders"),
        (a_row_missing, "missing row"),
        (a_row_too_many, "row too many"),
        (a_row_that_contradicts, "contradicting rows"),
    ],
)
def test_one_thing_that_is_off_is_found(
    project: AuditedProject, doctor: Callable[[Lines], Lines], what: str
) -> None:
    project.store(doctor(sell(project)))
    [difference] = audit(project, exit_code=3)["differences"]
    assert difference["what"] == what


def test_the_same_row_delivered_again_is_no_difference(project: AuditedProject) -> None:
    lines = sell(project)
    project.store(lines)
    project.store(lines[:4])
    assert audit(project)["counts"]["repeated_rows"] == 4


def test_a_line_that_cannot_be_read_does_not_end_the_audit(project: AuditedProject) -> None:
    project.store([*sell(project), "no json", {"store_id": 7}])
    assert audit(project)["counts"]["unreadable_lines"] == 2


def test_every_record_is_in_one_place(project: AuditedProject) -> None:
    now = time.time()
    in_time = sales(50, seed=1, over=(now - 100, now - 30))
    malformed = envelope({"request_id": "bad", "store_id": None}, now - 40)
    project.send([*in_time, *in_time[:10]])
    [bad] = project.send([malformed])
    project.beat()
    late = sales(5, seed=2, over=(now - 100, now - 30))
    for record in project.send(arriving_now([*late, in_time[0]])):
        project.record("late", record)
    project.record("malformed", bad)
    project.send(sales(3, seed=3, over=(now - 1, now)))
    project.store(result_lines(in_time))

    counts = audit(project)["counts"]
    assert {place: counts[place] for place in list(counts)[:8]} == {
        "records": 50 + 10 + 1 + 2 + 6 + 3,
        "heartbeats": 2,
        "counted": 50,
        "duplicates": 11,
        "late": 5,
        "overtaken": 0,
        "malformed": 1,
        "open": 3,
    }


def test_what_is_on_its_way_is_waited_for(project: AuditedProject) -> None:
    lines = sell(project)
    project.store(lines[:5])
    later = threading.Timer(2, project.store, [lines[5:]])
    later.start()
    assert audit(project, wait=60)["differences"] == []
    later.join()


def test_what_cannot_settle_is_not_waited_for(project: AuditedProject) -> None:
    project.store(a_cent_changed(sell(project)))
    started = time.monotonic()
    audit(project, exit_code=3, wait=60)
    assert time.monotonic() - started < 30


def test_windows_of_two_lengths_are_compared_together_and_a_missing_row_is_found(
    project: AuditedProject,
) -> None:
    """As around an update to the length of now, from one twice as long."""
    end = time.time() // 60 * 60 - 60
    first, second, after = (
        sales(50, seed=seed, over=over)
        for seed, over in (
            (1, (end - 60, end - 20)),
            (2, (end - 50, end - 1)),
            (3, (end, end + 20)),
        )
    )
    project.send([*first, *second, *after])
    project.beat()
    lines = [*result_lines(first, 20), *result_lines([*second, *after])]
    project.store(lines)
    found = audit(project)
    assert found["differences"] == []
    assert {window["is_mixed"] for window in found["windows"]} == {True, False}
    shown = project.run("verify", "--wait=0")
    assert "agrees, as one sum since" in shown.stdout
    assert "An update changed the length of the windows" in shown.stderr

    s3, bucket = project.aws.client("s3"), project.outputs["FirehoseDataStore"]
    for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=entry["Key"])
    project.store(lines[1:])
    assert audit(project, exit_code=3)["differences"]


def test_an_empty_stream_says_what_to_do(project: AuditedProject) -> None:
    done = project.run("verify", "--wait=0")
    assert done.returncode == 0
    assert "miztiik-events produce" in done.stderr


def test_the_tables_show_places_differences_and_queues(project: AuditedProject) -> None:
    project.store(a_row_missing(sell(project)))
    sqs, dead_letters = project.aws.client("sqs"), project.outputs["RuleDeadLetterQueueUrl"]
    sqs.send_message(QueueUrl=dead_letters, MessageBody="undeliverable")

    done = project.run("verify", "--wait=0")
    assert done.returncode == 3
    table = {tuple(line.split()) for line in done.stdout.splitlines()}
    assert {("Counted", "in", "a", "window", "300"), ("RuleDeadLetter", "1")} <= table
    assert "missing row" in done.stdout
    assert "1 dead letter: events" in done.stderr
    assert done.stderr.endswith("Error: 1 difference between the stream and the data store\n")


def test_before_deploy_it_says_what_comes_first(local_aws: TestAws) -> None:
    done = command_line.run(local_aws.environment, "verify", "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr
