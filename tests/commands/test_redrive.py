"""`redrive`, of queues in which nobody takes the events but the person."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

import audited_project
import command_line
from dead_end_project import (
    DEAD_LETTERS,
    DISPATCH,
    REJECTED,
    RULE,
    TAKEN,
    DeadEndProject,
    dead_end_project,
)

if TYPE_CHECKING:
    from shared_aws import TestAws

SALE: dict[str, Any] = {
    "request_id": "6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b",
    "store_id": "store_1",
    "sales": 86.71,
    "is_return": False,
}


@pytest.fixture(scope="module")
def deployed(local_aws: TestAws) -> Iterator[DeadEndProject]:
    with dead_end_project(local_aws) as project:
        yield project


@pytest.fixture
def project(deployed: DeadEndProject) -> DeadEndProject:
    deployed.clear()
    return deployed


def event(**changes: Any) -> dict[str, Any]:
    return audited_project.envelope({**SALE, **changes}, 1_612_104_420)


def test_every_queue_is_shown_with_what_is_in_it(project: DeadEndProject) -> None:
    project.put(REJECTED, event(sales="86.71"))
    for _ in range(12):
        project.put(RULE, event(), ERROR_CODE="NO_PERMISSIONS", ERROR_MESSAGE="not allowed")
    done = project.run()
    assert done.returncode == 0
    assert [line.split()[:2] for line in done.stdout.splitlines()[2:]] == [
        ["dispatch", "0"],
        ["rejected", "1"],
        ["rule", "12"],
    ]
    assert 'sales "86.71" is not a number' in done.stdout
    assert "NO_PERMISSIONS: not allowed" in done.stdout
    assert f"miztiik-events redrive QUEUE --project {project.name}" in done.stderr
    assert (project.visible(REJECTED), project.visible(RULE)) == (1, 12)
    told = list(map(json.loads, project.run("--output=ndjson").stdout.splitlines()))
    # Of twelve, only ten were seen.
    assert [(one["queue"], one["oldest"] is None) for one in told] == [
        ("dispatch", True),
        ("rejected", False),
        ("rule", True),
    ]


def test_a_dry_run_shows_each_event_and_its_reason_and_leaves_it(project: DeadEndProject) -> None:
    message_id = project.put(DEAD_LETTERS, event(name="explained"))
    project.put(DEAD_LETTERS, event(request_id="not-explained", sales="no number"))
    failed = {"level": "ERROR", "message": "message failed", "message_id": message_id}
    project.log({**failed, "reason": "OrderError: too late"})
    project.log({"message": "message failed", "message_id": "another", "reason": "not this"})
    done = project.run("dispatch", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[2]: line for line in done.stdout.splitlines()[2:]}
    assert lines[SALE["request_id"]].endswith("store_1  OrderError: too late")
    assert "2021-01-31T14:47:00Z  sales-events" in lines[SALE["request_id"]]
    assert lines["not-explained"].endswith("no reason is known; received 1 time, now included")
    assert "not this" not in done.stdout
    assert project.visible(DEAD_LETTERS) == 2


def test_a_consumers_dead_letters_go_back_to_its_own_queue_alone(project: DeadEndProject) -> None:
    order = json.dumps(event())
    project.put(DEAD_LETTERS, order)
    project.put(DEAD_LETTERS, "no event")
    done = project.run("dispatch", "--yes")
    assert (done.returncode, done.stderr) == (0, "2 events sent.\n")
    assert sorted(project.take(DISPATCH, 2)) == sorted([order, "no event"])
    assert project.run("dispatch", "--yes").stderr == "dispatch is empty.\n"
    assert project.visible(TAKEN) == 0


def test_all_go_and_no_more_than_max(project: DeadEndProject) -> None:
    for number in range(25):
        project.put(DEAD_LETTERS, str(number))
    done = project.run("dispatch", "--yes", "--max=12")
    assert done.stderr == "… and about 13 more; --max 25 takes them too\n12 events sent.\n"
    assert project.visible(DEAD_LETTERS) == 13
    assert project.run("dispatch", "--yes").stderr == "13 events sent.\n"
    assert sorted(map(int, project.take(DISPATCH, 25))) == list(range(25))


def test_rejected_events_that_are_well_formed_now_go_to_the_bus_as_they_were(
    project: DeadEndProject,
) -> None:
    exact = json.dumps(event()).replace("86.71", "12345678.9012345678901")
    project.put(REJECTED, exact)
    project.put(REJECTED, event(store_id="shop"))
    done = project.run("rejected", "--yes")
    assert done.returncode == 0
    assert "1 event would only be rejected again, so not sent." in done.stderr
    assert done.stderr.endswith("1 event sent.\n")
    [body] = project.take(TAKEN, 1)
    sent, before = json.loads(body), json.loads(exact)
    for name in ("source", "detail-type", "time", "detail"):
        assert sent[name] == before[name]
    assert project.visible(REJECTED) == 1

    assert project.run("rejected", "--yes", "--even-malformed").returncode == 0
    [body] = project.take(TAKEN, 1)
    assert json.loads(body)["detail"]["store_id"] == "shop"


def test_what_the_rules_could_not_deliver_goes_to_the_bus(project: DeadEndProject) -> None:
    project.put(RULE, event(store_id="shop"), ERROR_CODE="NO_PERMISSIONS")
    project.put(RULE, "no event")
    done = project.run("rule", "--yes", "--output=json")
    assert done.returncode == 0
    told = {one["reason"]: one for one in json.loads(done.stdout)}
    assert told["NO_PERMISSIONS"]["outcome"] == "sent"
    assert [one["outcome"] for one in told.values()].count("kept") == 1
    [body] = project.take(TAKEN, 1)
    assert json.loads(body)["detail"]["store_id"] == "shop"


def test_delete_takes_them_away_for_good(project: DeadEndProject) -> None:
    project.put(REJECTED, event(store_id="shop"))
    project.put(REJECTED, "no event")
    done = project.run("rejected", "--delete", "--yes")
    assert (done.returncode, done.stderr) == (0, "2 events deleted.\n")
    assert "not an event" in done.stdout
    assert project.visible(REJECTED) == project.visible(TAKEN) == 0


def test_on_a_terminal_the_person_is_asked(project: DeadEndProject) -> None:
    project.put(DEAD_LETTERS, "one")
    code, screen = project.typed("n\n", "dispatch")
    assert code == 130
    assert "Send 1 event to the queue of dispatch? [y/N]: " in screen
    assert project.visible(DEAD_LETTERS) == 1
    code, screen = project.typed("y\n", "dispatch", "--output=json")
    assert code == 0
    assert "no reason is known" in screen.partition("Send 1 event")[0]
    assert '"outcome": "sent"' in screen
    assert project.take(DISPATCH, 1) == ["one"]


def test_without_a_terminal_there_must_be_a_yes(project: DeadEndProject) -> None:
    project.put(DEAD_LETTERS, "one")
    done = project.run("dispatch")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Add --yes" in done.stderr
    assert project.visible(DEAD_LETTERS) == 1


def test_an_event_cannot_steer_the_terminal(project: DeadEndProject) -> None:
    project.put(REJECTED, event(request_id="a\n\x1b[31m", store_id="\x1b]0;x\x07"))
    for arguments in ((), ("rejected", "--dry-run")):
        done = project.run(*arguments)
        assert done.returncode == 0
        assert "\x1b" not in done.stdout
        assert "\x07" not in done.stdout
    assert "a\\x0a\\x1b[31m" in done.stdout
    assert len(done.stdout.splitlines()) == 3


def test_half_a_character_does_no_harm(project: DeadEndProject) -> None:
    project.put(REJECTED, json.dumps(event(store_id="\ud800")))
    done = project.run("rejected", "--dry-run", "--output=ndjson")
    assert done.returncode == 0
    assert json.loads(done.stdout)["store_id"] == "?"


@pytest.mark.parametrize("arguments", [("shop", "--yes"), ("--yes",), ("--delete",)])
def test_a_queue_that_there_is_must_be_named(
    project: DeadEndProject, arguments: tuple[str, ...]
) -> None:
    done = project.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There are: dispatch, rejected, rule" in done.stderr


def test_names_of_queues_are_completed() -> None:
    words = {"COMP_WORDS": "miztiik-events redrive ", "COMP_CWORD": "2"}
    asked = {"_MIZTIIK_EVENTS_COMPLETE": "bash_complete", **words}
    found = command_line.run(asked).stdout.split()
    assert found == [f"plain,{name}" for name in ("dispatch", "rejected", "rule", "warehouse")]


def test_before_deploy_it_says_what_comes_first(local_aws: TestAws) -> None:
    done = command_line.run(local_aws.environment, "redrive", "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr


def test_a_sale_of_a_closed_window_is_said_to_become_a_late_one(local_aws: TestAws) -> None:
    with audited_project.audited_project(local_aws) as audited:
        for moment in (time.time() - 3600, time.time()):
            local_aws.client("sqs").send_message(
                QueueUrl=audited.outputs[RULE],
                MessageBody=json.dumps(audited_project.envelope(SALE, moment)),
            )
        done = audited.run("redrive", "rule", "--dry-run")
    assert done.returncode == 0
    assert "1 sale too late for a window" in done.stderr
