"""One run of an application: from its start until it is stopped, kept alive in between."""

from __future__ import annotations

import io
import shutil
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from ...analytics import log
from .. import role_session
from . import jvm
from .application import Application
from .cluster import Cluster, JobManagerError, StartError
from .configuration import RunFolder
from .log import ApplicationLog
from .rest import Job, RestError

START_SECONDS = 180.0
POLL_SECONDS = 0.5
# A job that fails this often before all its tasks ran at once will not run at all.
MOST_FAILURES_AT_START = 3
# Its tasks may run for a moment before they fail: they have to be seen running this often in a row.
LOOKS_AT_START = 3
MOST_RECOVERIES_IN_A_ROW = 3
MOST_SAVEPOINTS_AT_STOP = 3

OnStatus = Callable[..., None]


class StoppedError(Exception):
    """The application was stopped while it was starting."""


class Run:
    """An application's cluster and job, with a thread that starts them and starts them again."""

    def __init__(
        self,
        application: Application,
        folder: RunFolder,
        endpoint: str,
        savepoint: str | None,
        on_status: OnStatus,
    ) -> None:
        """`on_status` is told RUNNING once, or FAILED and why."""
        self._application = application
        self._folder = folder
        self._endpoint = endpoint
        self._savepoint = savepoint
        self._on_status = on_status
        self._stopping = threading.Event()
        self._log = ApplicationLog(application)
        self._cluster = Cluster(application, folder, self._log)
        self._thread = threading.Thread(target=self._live, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def dashboard(self) -> str:
        """The address of Flink's own dashboard, on this machine alone."""
        return self._cluster.rest.address

    def snapshot(self, folder: Path) -> str:
        """Take a savepoint; its path. Raises RestError."""
        return self._cluster.rest.savepoint(self._job().id, jvm.whereabouts(folder))

    def stop(self, folder: Path | None) -> str | None:
        """End the job, with a savepoint in the folder if one is given, and everything else.

        Raises RestError when the savepoint failed; everything is ended all the same.
        """
        self._stopping.set()
        try:
            return self._stop_with_savepoint(folder) if folder else None
        finally:
            if threading.current_thread() is not self._thread:
                self._thread.join()
            self._end()

    def _stop_with_savepoint(self, folder: Path) -> str:
        for _ in range(MOST_SAVEPOINTS_AT_STOP - 1):
            try:
                return self._cluster.rest.stop(self._job().id, jvm.whereabouts(folder))
            except RestError as error:
                # The job goes on, from its last checkpoint: a source that was just taking on new
                # shards does not end well.
                self._log.say("WARN", f"The savepoint failed, and is tried again: {error}")
                self._await_tasks()
        return self._cluster.rest.stop(self._job().id, jvm.whereabouts(folder))

    def _await_tasks(self) -> None:
        """Wait until all tasks run, when a savepoint can be taken; or until they never will."""
        deadline = time.monotonic() + START_SECONDS
        job = self._job()
        while not (job.runs_whole or job.is_over) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            job = self._job()

    def _live(self) -> None:
        try:
            self._folder.create()
            self._unpack()
            try:
                self._start(self._savepoint)
            except JobManagerError as error:
                self._recover(str(error))
            self._log.say("INFO", "The application is running")
            self._on_status("RUNNING")
            while True:
                self._wait(POLL_SECONDS)
                self._look_after()
        except StoppedError:
            pass
        except Exception as error:
            self._fail(error)

    def _unpack(self) -> None:
        application = self._application
        s3 = role_session.client("s3", application.role, application.name, application.region)
        version = {"VersionId": application.object_version} if application.object_version else {}
        zipped = s3.get_object(Bucket=application.bucket, Key=application.key, **version)
        with zipfile.ZipFile(io.BytesIO(zipped["Body"].read())) as archive:
            archive.extractall(self._folder.code)
        self._folder.properties.write_text(application.properties(self._endpoint))

    def _start(self, savepoint: str | None) -> None:
        """Have a job, all of whose tasks run; raises StartError when it does not come to that."""
        self._cluster.start(savepoint)
        self._cluster.await_job(self._wait)
        deadline = time.monotonic() + START_SECONDS
        counts: list[int] = []
        while time.monotonic() < deadline:
            job = self._job()
            failures = self._cluster.rest.failures(job.id)
            counts = [*counts, len(failures)] if job.runs_whole else []
            if len(counts) >= LOOKS_AT_START and len(set(counts)) == 1:
                return
            if job.is_over or len(failures) >= MOST_FAILURES_AT_START:
                raise StartError(_why(job, failures))
            self._wait(POLL_SECONDS)
        raise StartError(f"Not all tasks of the job ran within {START_SECONDS:.0f} s")

    def _look_after(self) -> None:
        if self._cluster.has_ended("jobmanager"):
            self._recover()
        elif self._cluster.has_ended("taskmanager"):
            self._log.say("WARN", "The TaskManager ended; another one is started")
            self._cluster.start_taskmanager()
        else:
            self._check_job()

    def _check_job(self) -> None:
        try:
            job = self._job()
            failures = self._cluster.rest.failures(job.id) if job.is_over else []
        except RestError:
            # Busy, or about to end: then the next look finds its process gone.
            return
        if job.is_over:
            raise StartError(_why(job, failures))

    def _recover(self, reason: str = "The JobManager ended") -> None:
        """Start cluster and job again where the last checkpoint was, as Managed Flink does."""
        for attempt in range(1, MOST_RECOVERIES_IN_A_ROW + 1):
            checkpoint = self._folder.latest_checkpoint() or self._savepoint
            self._log.say("WARN", f"{reason}; the job starts again from {checkpoint or 'nothing'}")
            self._cluster.end()
            self._cluster = Cluster(self._application, self._folder, self._log)
            try:
                self._start(checkpoint)
                return
            except (StartError, RestError) as error:
                reason = str(error)
                if attempt == MOST_RECOVERIES_IN_A_ROW:
                    raise

    def _job(self) -> Job:
        jobs = self._cluster.rest.jobs()
        if len(jobs) != 1:
            raise StartError(f"The program submitted {len(jobs)} jobs; an application has one")
        return jobs[0]

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise StoppedError

    def _fail(self, error: Exception) -> None:
        self._log.say("ERROR", f"The application failed: {error}")
        self._end()
        self._on_status("FAILED", str(error))

    def _end(self) -> None:
        self._cluster.end()
        self._log.close()
        shutil.rmtree(self._folder.path, ignore_errors=True)


def _why(job: Job, failures: list[str]) -> str:
    return log.of_stack_trace(failures[0]) if failures else f"The job is {job.state}"
