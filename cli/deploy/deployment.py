"""A deploy: every stack of a project to its desired state, in the order of the wiring.

    templates and functions ── wiring ──▶ steps      decided without a call to AWS
    steps and live stacks   ── _Deployment ──▶ jobs  package and upload new code, apply stacks
    jobs                    ── graph.run ──▶ outputs each job as soon as its own parents are done

Code whose key the live stacks have is neither packaged nor uploaded, and a stack that is as
desired gets no change set: a deploy that changes nothing only reads.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .. import files
from ..analytics import application, failures, log
from ..cloudformation import graph
from ..cloudformation.graph import Ending, Job
from ..cloudformation.operations import Operator
from ..cloudformation.progress import Listener, Note, Outcome, StackDone, Upload, ignore, noting
from ..errors import StackError
from ..insistence import insisting
from ..patience import OUTAGE_SECONDS, Patience
from ..text import command, counted, size
from . import bundle, jar, uploads
from .project import Project
from .wiring import BUCKET, Output, Step

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

    from ..cloudformation.change_sets import Desired

# So many characters at the end of a message tell that it is the same one.
LIKE_ENOUGH = 60


@dataclass(frozen=True)
class Limits:
    """How many stacks to work on at once, and the seconds to wait for it all.

    `wait` is for how long to wait, of these seconds, for an update that somebody else has begun.
    """

    jobs: int = 8
    timeout: float = 3600.0
    wait: float = 3600.0


def deploy(
    session: boto3.session.Session,
    project: Project,
    listener: Listener = ignore,
    limits: Limits | None = None,
) -> dict[str, str]:
    """Deploy the project, or what was chosen of it, and return the outputs of these stacks.

    Raises the first failure, after everything that does not depend on it has ended.
    """
    limits, started = limits or Limits(), datetime.now(timezone.utc)
    patience = Patience(limits.timeout)
    project.require_parents()
    given = {step.name: project.live_outputs.get(step.name, {}) for step in project.rest}
    with contextlib.ExitStack() as held:
        held.enter_context(insisting(session, patience, noting(listener), has_answered=True))
        cloudformation = session.client("cloudformation")
        run = _Deployment(project, cloudformation, patience, limits.wait, session, given)
        todo = run.stack_jobs()
        if project.new_code:
            with _writing_code(os.environ.get("TMPDIR", "/tmp")):
                folder = held.enter_context(files.temporary_folder("miztiik-events-code-"))
            todo |= run.code_jobs(session.client("s3"), folder)
        endings = graph.run(todo, listener, limits.jobs, run.patience.cancelled)
    try:
        run.report(endings, listener)
    except StackError as error:
        with insisting(session, Patience(OUTAGE_SECONDS), noting(listener), has_answered=True):
            cause = explained(session, project, error, started)
        cause.others = error.others
        raise cause from error
    return {key: text for step in project.steps for key, text in run.outputs[step.name].items()}


def _subject(job: str) -> str:
    """What a job is about: a template's name has no space."""
    _, is_of_code, function = job.partition(" ")
    return f"the code of {function}" if is_of_code else job


def _writing_code(folder: str) -> contextlib.AbstractContextManager[None]:
    return files.writing(Path(folder), "set TMPDIR to another folder")


@dataclass(frozen=True)
class _Deployment:
    project: Project
    cloudformation: CloudFormationClient
    patience: Patience
    wait: float
    session: boto3.session.Session
    outputs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)

    def stack_jobs(self) -> dict[str, Job]:
        new = self.project.new_code
        return {
            step.name: Job(
                graph.timed(self.project.stack_name(step), partial(self._apply, step)),
                self.project.parents(step)
                | {f"upload {name}" for name in step.functions if name in new},
            )
            for step in self.project.steps
        }

    def code_jobs(self, s3: S3Client, folder: Path) -> dict[str, Job]:
        jobs = {}
        for function, step in self.project.new_code.items():
            target = folder / self.project.bundles[function].key
            bucket = step.sources[BUCKET]
            owners = self.project.parents(step)
            owners &= {bucket.template} if isinstance(bucket, Output) else set()
            jobs[f"package {function}"] = Job(partial(self._package, function, target))
            jobs[f"upload {function}"] = Job(
                partial(self._upload, s3, step, function, target),
                frozenset({f"package {function}"} | owners),
            )
        return jobs

    def report(self, endings: Mapping[str, Ending], listener: Listener) -> None:
        """Tell what was skipped, and raise the first error there was."""
        for step in self.project.steps:
            blocker = endings[step.name].blocked_by
            if blocker:
                name = self.project.stack_name(step)
                listener(StackDone(name, "skipped", 0, f"{_subject(blocker)} failed"))
        graph.raise_first(endings)

    def _package(self, function: str, target: Path, listener: Listener) -> None:
        code = self.project.bundles[function]
        if code.pom is not None and not jar.is_built(code.pom):
            listener(Note(function, "Maven builds its jar, once"))
        if code.packages and not code.packages.is_cached:
            listener(Note(function, f"pip gets its packages for {code.packages.runtime}, once"))
        with _writing_code(tempfile.gettempdir()):
            bundle.write(code, target, self.patience.cancelled)

    def _upload(
        self, s3: S3Client, step: Step, function: str, source: Path, listener: Listener
    ) -> None:
        if step.parents & self.unfinished:
            return
        bucket = self.project.bucket(step, self.outputs)
        total = source.stat().st_size

        def watch(sent: int) -> None:
            listener(Upload(function, sent, total))

        if bundle.upload(s3, bucket, self.project.bundles[function].key, source, watch):
            listener(Note(function, f"uploaded {size(total)}"))

    def _through_bucket(self, step: Step, desired: Desired, listener: Listener) -> Desired:
        bucket = self.project.bucket(step, self.outputs)
        s3 = self.session.client("s3")
        with _writing_code(tempfile.gettempdir()), files.temporary_folder(uploads.FOLDER) as folder:
            desired, new = uploads.through(desired, s3, bucket, folder)
        if new:
            listener(Note(desired.stack, f"uploaded {counted(len(new), 'file')} to {bucket}"))
        return desired

    def _apply(self, step: Step, listener: Listener) -> Outcome:
        settings = self.project.settings
        if waits_for := sorted(step.parents & self.unfinished):
            self.unfinished.add(step.name)
            listener(Note(self.project.stack_name(step), f"needs {', '.join(waits_for)} first"))
            self.outputs[step.name] = self.project.live_outputs.get(step.name, {})
            return "put off"
        operator = Operator(
            *(self.cloudformation, self.patience, listener, self.wait),
            recovers=settings.recovers,
            skip=settings.skip,
            waits=settings.waits,
            role_arn=settings.role_arn,
        )
        desired = self.project.desired(step, self.outputs)
        if step.bucket:
            desired = self._through_bucket(step, desired, listener)
        applied = operator.apply(desired, self.project.live_stack(step))
        operator.protect(applied.stack, settings.is_protected)
        self.outputs[step.name] = applied.stack.outputs
        if applied.outcome == "begun":
            self.unfinished.add(step.name)
        return applied.outcome


def explained(
    session: boto3.session.Session, project: Project, error: StackError, since: datetime
) -> StackError:
    """The same error, with the root cause out of its log when the analytics application failed.

    CloudFormation itself only says that the application did not come to run.
    """
    outputs = project.live[error.stack].outputs if error.stack in project.live else {}
    if error.type != application.TYPE or application.OUTPUT not in outputs:
        return error
    flink = session.client("kinesisanalyticsv2")
    stream = application.describe(flink, outputs[application.OUTPUT]).log_stream
    logged = log.cause(session.client("logs"), stream, since) if stream else None
    is_known = not logged or logged[-LIKE_ENOUGH:] in error.reason
    reason = error.reason if is_known else f"{error.reason}\n  Its log says: {logged}"
    if failures.tells_of_misfit(reason):
        return _of_application(error, f"{reason}\n  {failures.MISFIT}", failures.way_out())
    if is_known:
        return error
    next_step = f"{error.next_step}; {command('logs analytics')} shows more"
    return _of_application(error, reason, next_step)


def _of_application(error: StackError, reason: str, next_step: str) -> StackError:
    return StackError(
        error.stack,
        reason,
        logical_id=error.logical_id,
        type=error.type,
        path=error.path,
        line=error.line,
        next_step=next_step,
    )
