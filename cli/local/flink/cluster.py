"""A Flink cluster for one application: the processes of its JobManager and its TaskManager."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ...analytics import log as application_log
from ...analytics.log import PYTHON_OUTPUT
from . import configuration, programs
from .application import RUN_OPTIONS, Application
from .configuration import Ports, RunFolder
from .log import ApplicationLog, Output
from .programs import JOBMANAGER, TASKMANAGER
from .rest import Rest, RestError

END_SECONDS = 5
LOOK_SECONDS = 3.0
POLL_SECONDS = 0.1
PROGRAM_FAILED = "org.apache.flink.client.deployment.application.ApplicationExecutionException"


class StartError(Exception):
    """The application could not be started; the message is the root cause."""


class JobManagerError(StartError):
    """The JobManager ended before there was a job, as when its port was taken meanwhile."""


@dataclass
class Cluster:
    """The processes; they are in the server's process group, so they end with it at the latest."""

    application: Application
    folder: RunFolder
    log: ApplicationLog
    ports: Ports = field(default_factory=configuration.free_ports)
    _processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    _outputs: dict[str, Output] = field(default_factory=dict)

    @property
    def rest(self) -> Rest:
        return Rest(self.ports.rest)

    def start(self, savepoint: str | None) -> None:
        """Start the JobManager, which runs the program, and a TaskManager; waits for neither.

        Raises StartError when the application names no program, or a jar that is not there.
        """
        arguments = program_arguments(self.application, savepoint)
        configuration.write(self.application, self.folder, self.ports)
        self._link_jar()
        self._start(JOBMANAGER, *arguments)
        self.start_taskmanager()

    def start_taskmanager(self) -> None:
        self._start(TASKMANAGER)

    def has_ended(self, name: str) -> bool:
        return self._processes[name].poll() is not None

    def await_job(self, wait: Callable[[float], None]) -> None:
        """Wait until the program has submitted a job; raises StartError with the cause if it fails.

        `wait` waits for some seconds; what it raises ends the waiting.
        """
        while not self._has_job():
            if self.has_ended(JOBMANAGER):
                # Whatever answers on its port now is not ours.
                raise self._why_jobmanager_ended()
            wait(POLL_SECONDS)

    def _link_jar(self) -> None:
        """Have Flink find the jar with the application's connectors."""
        name = self.application.groups[RUN_OPTIONS].get("jarfile")
        if name and not (self.folder.code / name).is_file():
            raise StartError(f"The code has no {name}, which {RUN_OPTIONS} names as its 'jarfile'")
        link = self.folder.libraries / Path(name or "").name
        if name and not link.exists():
            link.symlink_to(self.folder.code / name)

    def _has_job(self) -> bool:
        # Another program that took the port may never answer.
        rest = Rest(self.ports.rest, request_seconds=LOOK_SECONDS)
        try:
            return bool(rest.jobs()) and not self.has_ended(JOBMANAGER)
        except RestError:
            return False

    def end(self) -> None:
        """End every process and wait for it; what has to be kept was kept before."""
        if TASKMANAGER in self._processes:
            self._processes[TASKMANAGER].kill()
        if JOBMANAGER in self._processes:
            # It ends the program that it runs only when it is asked to end itself.
            self._processes[JOBMANAGER].terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._processes[JOBMANAGER].wait(END_SECONDS)
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _why_jobmanager_ended(self) -> StartError:
        output = self._outputs[JOBMANAGER]
        output.join()
        if application_log.PROGRAM_ENDED in output.trace:
            return StartError(application_log.of_program(output.plain))
        cause = application_log.of_stack_trace(output.trace)
        if PROGRAM_FAILED in output.trace:
            return StartError(cause)
        return JobManagerError(cause or "The JobManager ended; its log says why")

    def _start(self, kind: str, *arguments: str) -> None:
        process = subprocess.Popen(
            programs.command(kind, self.folder, self.application, arguments),
            env=configuration.environment(self.application, self.folder),
            cwd=self.folder.code,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        (self.folder.process_ids / f"{kind}.pid").write_text(str(process.pid))
        self._processes[kind] = process
        assert process.stdout
        # What the program writes, Flink logs too.
        source = None if kind == JOBMANAGER else kind
        self._outputs[kind] = self.log.follow(process.stdout, source)


def program_arguments(application: Application, savepoint: str | None) -> list[str]:
    """How a JobManager is told its program, out of the application's run options.

    Raises StartError when they name none.
    """
    options = application.groups.get(RUN_OPTIONS, {})
    if "python" not in options:
        raise StartError(
            f"The property group {RUN_OPTIONS} does not name a Python program ('python')"
        )
    arguments = ["--job-classname", PYTHON_OUTPUT]
    if savepoint:
        arguments += ["--fromSavepoint", savepoint]
    if savepoint and application.allows_non_restored_state:
        arguments.append("--allowNonRestoredState")
    flags = {"python": "-py", "pyFiles": "-pyfs", "pyArchives": "-pyarch"}
    for name, flag in flags.items():
        if name in options:
            arguments += [flag, options[name]]
    return arguments
