"""A Flink cluster: the processes of one JobManager, one TaskManager and, for a start, a client."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field

from ...analytics import log as application_log
from ...analytics.log import PYTHON_OUTPUT
from . import configuration, programs
from .application import RUN_OPTIONS, Application
from .configuration import Ports, RunFolder
from .log import ApplicationLog, Output
from .programs import CLIENT, JOBMANAGER, TASKMANAGER
from .rest import Rest

END_SECONDS = 5
POLL_SECONDS = 0.1


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

    def start(self) -> None:
        """Start JobManager and TaskManager; does not wait for them."""
        configuration.write(self.application, self.folder, self.ports)
        self._start(JOBMANAGER, "--executionMode", "cluster")
        self.start_taskmanager()

    def start_taskmanager(self) -> None:
        self._start(TASKMANAGER)

    def has_ended(self, name: str) -> bool:
        return self._processes[name].poll() is not None

    def submit(self, savepoint: str | None, wait: Callable[[float], None]) -> None:
        """Run the application's program, which submits its job; raises StartError with the cause.

        `wait` waits for some seconds; what it raises ends the program.
        """
        arguments = run_arguments(self.application, savepoint)
        output = self._start(CLIENT, *arguments, source=PYTHON_OUTPUT)
        while not (self.has_ended(CLIENT) or self.has_ended(JOBMANAGER)):
            wait(POLL_SECONDS)
        if self.has_ended(JOBMANAGER):
            # Whatever answers on its port now is not ours.
            raise JobManagerError(self._why_jobmanager_ended())
        output.join()
        if self._processes[CLIENT].returncode:
            raise StartError(application_log.of_program(output.plain))

    def end(self) -> None:
        """Kill every process and wait for it; what has to be kept was kept before."""
        self._end_client()
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        for process in self._processes.values():
            process.wait()

    def _why_jobmanager_ended(self) -> str:
        output = self._outputs[JOBMANAGER]
        output.join()
        return (
            application_log.of_stack_trace(output.trace) or "The JobManager ended; its log says why"
        )

    def _end_client(self) -> None:
        # The client's JVM ends its Python program only when it is asked to end itself.
        client = self._processes.get(CLIENT)
        if client and client.poll() is None:
            client.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                client.wait(END_SECONDS)

    def _start(self, kind: str, *arguments: str, source: str | None = None) -> Output:
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
        self._outputs[kind] = self.log.follow(process.stdout, source or kind)
        return self._outputs[kind]


def run_arguments(application: Application, savepoint: str | None) -> list[str]:
    """The arguments of `flink run` out of the application's run options."""
    options = application.groups.get(RUN_OPTIONS, {})
    if "python" not in options:
        raise StartError(
            f"The property group {RUN_OPTIONS} does not name a Python program ('python')"
        )
    arguments = ["run", "--detached", "--parallelism", str(application.parallelism)]
    if savepoint:
        arguments += ["--fromSavepoint", savepoint]
    if savepoint and application.allows_non_restored_state:
        arguments.append("--allowNonRestoredState")
    flags = {"jarfile": "--jarfile", "pyFiles": "--pyFiles", "pyArchives": "--pyArchives"}
    for name, flag in flags.items():
        if name in options:
            arguments += [flag, options[name]]
    return [*arguments, "--python", options["python"]]
