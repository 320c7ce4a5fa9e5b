"""The returns desk of docs/examples: another project puts a consumer on a bus that is there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import bus_events
import command_line
from repository import EXAMPLES, TEMPLATES
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

PROJECT, BUS = "returns-desk", "bus-of-another-project"


def test_it_gets_returns_and_nothing_else(local_aws: TestAws, tmp_path: Path) -> None:
    """Deployed as docs/tutorial.md has it."""
    own = tmp_path / "returns"
    shutil.copytree(EXAMPLES / "returns", own)
    shutil.copy(TEMPLATES / "artifacts.yaml", own / "templates")
    local_aws.client("events").create_event_bus(Name=BUS)
    folders = (f"--templates={own / 'templates'}", f"--functions={own / 'functions'}")
    run(local_aws, "deploy", f"-pEventBusName={BUS}", *folders)
    put(local_aws, {**bus_events.SALE, "is_return": False})
    put(local_aws, {**bus_events.SALE, "is_return": True})
    logged = until(lambda: run(local_aws, "logs", "returns", "--output=ndjson"))
    (line,) = logged.splitlines()
    assert json.loads(line)["message"] == "store_1 pays back 86.71 for Minotaur"
    run(local_aws, "destroy", "--yes")


def run(aws: TestAws, command: str, *arguments: str) -> str:
    ended = command_line.run(aws.environment, command, "--project", PROJECT, *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def put(aws: TestAws, detail: dict[str, object]) -> None:
    entry = {
        "EventBusName": BUS,
        "Source": bus_events.SOURCE,
        "DetailType": bus_events.SALES,
        "Detail": json.dumps(detail),
    }
    answer = aws.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0
