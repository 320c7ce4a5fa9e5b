"""A Flink cluster's REST interface; the only module that speaks to it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from ...analytics import log

POLL_SECONDS = 0.25
# Longer than any answer takes, on a machine that is busy as well: an answer that is not waited for
# would be taken for a savepoint that failed.
REQUEST_SECONDS = 60.0
SAVEPOINT_SECONDS = 120.0
_TERMINAL = ("FAILED", "FINISHED", "CANCELED", "SUSPENDED")


class RestError(Exception):
    """The cluster did not answer, or refused."""


@dataclass(frozen=True)
class Job:
    id: str
    state: str
    tasks: int
    running_tasks: int

    @property
    def runs_whole(self) -> bool:
        return self.state == "RUNNING" and 0 < self.tasks == self.running_tasks

    @property
    def is_over(self) -> bool:
        return self.state in _TERMINAL


@dataclass(frozen=True)
class Rest:
    """The REST interface on a port of this machine."""

    port: int
    request_seconds: float = REQUEST_SECONDS

    @property
    def address(self) -> str:
        """Flink's own dashboard is there as well."""
        return f"http://127.0.0.1:{self.port}"

    def jobs(self) -> list[Job]:
        return [
            Job(job["jid"], job["state"], job["tasks"]["total"], job["tasks"]["running"])
            for job in self._call("GET", "/jobs/overview")["jobs"]
        ]

    def failures(self, job_id: str) -> list[str]:
        """The stack traces of the job's failures, the newest first."""
        answer = self._call("GET", f"/jobs/{job_id}/exceptions")
        entries = answer.get("exceptionHistory", {}).get("entries", [])
        return [entry.get("stacktrace") or entry["exceptionName"] for entry in entries]

    def savepoint(self, job_id: str, folder: str) -> str:
        """Take a savepoint into the folder; its path. The job goes on."""
        return self._finish(job_id, "savepoints", {"target-directory": folder})

    def stop(self, job_id: str, folder: str) -> str:
        """End the job with a savepoint in the folder; its path."""
        return self._finish(job_id, "stop", {"targetDirectory": folder, "drain": False})

    def _finish(self, job_id: str, operation: str, body: dict[str, Any]) -> str:
        trigger = self._call("POST", f"/jobs/{job_id}/{operation}", body)["request-id"]
        deadline = time.monotonic() + SAVEPOINT_SECONDS
        while time.monotonic() < deadline:
            answer = self._call("GET", f"/jobs/{job_id}/savepoints/{trigger}")
            if answer["status"]["id"] == "COMPLETED":
                return _location(answer["operation"])
            time.sleep(POLL_SECONDS)
        raise RestError(f"the savepoint took longer than {SAVEPOINT_SECONDS:.0f} s")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.address}{path}",
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=self.request_seconds) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise RestError(_refusal(error.read())) from error
        except (OSError, ValueError) as error:
            raise RestError(str(error)) from error


def _location(operation: dict[str, Any]) -> str:
    if "location" not in operation:
        raise RestError(log.of_stack_trace(operation["failure-cause"]["stack-trace"]))
    return str(operation["location"])


def _refusal(body: bytes) -> str:
    text = body.decode(errors="replace")
    try:
        return log.of_stack_trace("\n".join(json.loads(text)["errors"]))
    except (ValueError, KeyError, TypeError):
        return text[: log.LONGEST]
