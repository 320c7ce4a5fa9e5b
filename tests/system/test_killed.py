"""Deploys and destroys killed at random points: the next run converges, and nothing is left half.

A gate between the program and AWS counts the requests. The one at the point goes on by half, as
the request of a process that is killed does, and the process gets SIGKILL. Each round creates,
updates and destroys a project and is killed at one point of each; test_command_destroy_again.py
has six more points of destroy.
"""

from __future__ import annotations

import io
import os
import random
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import threading
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

import command_line
from leftover import left
from live_project import LiveProject
from small_projects import queue_project

if TYPE_CHECKING:
    from shared_aws import TestAws

ROUNDS = 5
NEVER = 1_000_000
SEED = int(os.environ.get("MIZTIIK_EVENTS_TEST_SEED") or random.randrange(NEVER))
REQUEST = re.compile(rb"^(?:GET|HEAD|PUT|POST|DELETE) \S+ HTTP/1", re.M)
DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


@dataclass
class Gate:
    """Counts the requests of a process; kills it when the request `at` comes."""

    at: int
    count: int = 0
    victim: Future[subprocess.Popen[str]] = field(default_factory=Future)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def passed(self, chunk: bytes) -> bytes:
        """What of it goes on to AWS."""
        with self.lock:
            self.count += len(REQUEST.findall(chunk))
            if self.count < self.at:
                return chunk
            self.victim.result().kill()
            return chunk[: len(chunk) // 2]


@contextmanager
def opened(gate: Gate, endpoint: str) -> Iterator[str]:
    """The URL that leads through the gate."""
    target = urlsplit(endpoint)

    class PassOn(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with (
                suppress(OSError),
                socket.create_connection((target.hostname, target.port)) as upstream,
            ):
                threading.Thread(target=self._answer, args=(upstream,), daemon=True).start()
                while chunk := self.request.recv(65536):
                    upstream.sendall(gate.passed(chunk))

        def _answer(self, upstream: socket.socket) -> None:
            with suppress(OSError), upstream.makefile("rb", buffering=0) as answers:
                shutil.copyfileobj(answers, self.wfile)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), PassOn) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def run(project: LiveProject, *arguments: str, at: int = NEVER) -> int:
    """Run the program and kill it at this request; how many requests it made."""
    gate = Gate(at)
    with opened(gate, project.aws.endpoint) as url:
        process = subprocess.Popen(
            [command_line.PROGRAM, *arguments, "--project", project.name, "--timeout=60"],
            env={
                **os.environ,
                **command_line.NO_SETTINGS,
                **project.aws.environment,
                "AWS_ENDPOINT_URL": url,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        gate.victim.set_result(process)
        _, told = process.communicate()
    # One run makes more requests than another: it may have come to its end before the point.
    assert process.returncode in ({0} if at == NEVER else {0, -signal.SIGKILL}), told
    return gate.count


def change(project: LiveProject) -> None:
    """New code, and another template for one of the stacks."""
    project.sources.source("one", "handler.py", "handler = repr\n")
    alarm = project.sources.templates / "alarm.yaml"
    alarm.write_text(alarm.read_text() + "Outputs:\n  TopicArn: {Value: !Ref Topic}\n")


@pytest.fixture(scope="module")
def usual(local_aws: TestAws, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, int]:
    """How many requests each of the three makes when nobody kills it."""
    project = LiveProject(local_aws, queue_project(tmp_path_factory.mktemp("usual")))
    created = run(project, "deploy", *project.sources.options)
    change(project)
    updated = run(project, "deploy", *project.sources.options)
    return {
        "create": created,
        "update": updated,
        "destroy": run(project, "destroy", "--yes"),
    }


def assert_deployed(project: LiveProject) -> None:
    assert project.statuses.keys() == {"artifacts", "queue", "alarm"}
    assert set(project.statuses.values()) <= DONE
    cloudformation = project.aws.client("cloudformation")
    for template in project.statuses:
        waiting = cloudformation.list_change_sets(StackName=f"{project.name}-{template}")
        assert [one for one in waiting["Summaries"] if one["ExecutionStatus"] == "AVAILABLE"] == []
    bucket, key = (project.parameter("queue", name) for name in ("ArtifactBucket", "OneCode"))
    s3 = project.aws.client("s3")
    with zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())) as code:
        assert code.testzip() is None
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed_at_random_points_the_next_run_converges(
    local_aws: TestAws, tmp_path: Path, usual: Mapping[str, int], number: int
) -> None:
    chance = random.Random(f"{SEED}/{number}")
    # One point in each fifth of the usual run.
    points = {
        what: 1 + int(count * (number + chance.random()) / ROUNDS) for what, count in usual.items()
    }
    print(f"MIZTIIK_EVENTS_TEST_SEED={SEED}: round {number}, {points} of {dict(usual)}")
    project = LiveProject(local_aws, queue_project(tmp_path))
    for what in ("create", "update"):
        if what == "update":
            change(project)
        run(project, "deploy", *project.sources.options, at=points[what])
        again = project.deploy()
        assert again.returncode == 0, again.stderr
        assert_deployed(project)
    run(project, "destroy", "--yes", at=points["destroy"])
    again = project.run("destroy", "--yes")
    assert again.returncode == 0, again.stderr
    assert left(project) == []
