"""A deploy: every stack of a project to its desired state, in the order of the wiring.

    templates and functions ── wiring ──▶ steps      decided without a call to AWS
    steps and live stacks   ── _Deployment ──▶ jobs  package and upload new code, apply stacks
    jobs                    ── graph.run ──▶ outputs each job as soon as its own parents are done

Code whose key the live stacks have is neither packaged nor uploaded, and a stack that is as
desired gets no change set: a deploy that changes nothing only reads.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from . import assets, bundle, graph, stacks, template
from .bundle import Bundle
from .change_sets import Desired
from .graph import Ending, Job
from .patience import Patience
from .plan import BUCKET, Code, Default, Output, Step
from .progress import Listener, Note, StackDone, ignore, summary
from .stack_operations import Operator
from .stacks import PROJECT_TAG, TEMPLATE_TAG, Stack, stack_name
from .wiring import wire

if TYPE_CHECKING:
    from importlib.abc import Traversable

    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

JOBS = 8
TIMEOUT = 3600.0


def deploy(
    session: boto3.session.Session,
    project: str,
    overrides: Mapping[str, str] | None = None,
    listener: Listener = ignore,
    *,
    jobs: int = JOBS,
    timeout: float = TIMEOUT,
    templates: Traversable | None = None,
    functions: Traversable | None = None,
) -> dict[str, str]:
    """Deploy the project and return the outputs of all its stacks; `timeout` is in seconds.

    Raises the first failure, after everything that does not depend on it has ended.
    """
    bundles = bundle.bundles(functions)
    steps = wire(template.load_all(templates), bundles, overrides)
    cloudformation = session.client("cloudformation")
    live = stacks.describe_all(cloudformation, [stack_name(project, s.name) for s in steps])
    run = _Deployment(project, steps, bundles, live, cloudformation, Patience(timeout))
    with tempfile.TemporaryDirectory(prefix="miztiik-events-") as folder:
        todo = run.stack_jobs()
        if run.new_code:
            todo |= run.code_jobs(session.client("s3"), Path(folder))
        endings = graph.run(todo, listener, jobs, run.patience.cancelled)
    run.report(endings, listener)
    return {key: value for outputs in run.outputs.values() for key, value in outputs.items()}


@dataclass(frozen=True)
class _Deployment:
    project: str
    steps: tuple[Step, ...]
    bundles: Mapping[str, Bundle]
    live: Mapping[str, Stack]
    cloudformation: CloudFormationClient
    patience: Patience
    outputs: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def new_code(self) -> dict[str, Step]:
        """The functions whose present code a live stack lacks, with a step that needs them."""
        return {
            source.function: step
            for step in self.steps
            for name, source in step.sources.items()
            if isinstance(source, Code)
            and self._live_value(step, name) != self.bundles[source.function].key
        }

    def stack_jobs(self) -> dict[str, Job]:
        new = self.new_code
        return {
            step.name: Job(
                partial(self._apply, step),
                step.parents | {f"upload {name}" for name in step.functions if name in new},
            )
            for step in self.steps
        }

    def code_jobs(self, s3: S3Client, folder: Path) -> dict[str, Job]:
        jobs = {}
        for function, step in self.new_code.items():
            target = folder / self.bundles[function].key
            bucket = step.sources[BUCKET]
            owners = {bucket.template} if isinstance(bucket, Output) else set()
            jobs[f"package {function}"] = Job(partial(self._package, function, target))
            jobs[f"upload {function}"] = Job(
                partial(self._upload, s3, step, function, target),
                frozenset({f"package {function}"} | owners),
            )
        return jobs

    def report(self, endings: Mapping[str, Ending], listener: Listener) -> None:
        """Tell what was skipped, and raise the first error there was."""
        for step in self.steps:
            blocker = endings[step.name].blocked_by
            if blocker:
                name = stack_name(self.project, step.name)
                listener(StackDone(name, "skipped", 0, f"{blocker} failed"))
        for ending in endings.values():
            if ending.error:
                raise ending.error

    def _package(self, function: str, target: Path, listener: Listener) -> None:
        listener(Note(function, "packaging"))
        bundle.write(self.bundles[function], target, self.patience.cancelled)

    def _upload(
        self, s3: S3Client, step: Step, function: str, source: Path, listener: Listener
    ) -> None:
        bucket = self._value(step, BUCKET) or ""
        if assets.upload(s3, bucket, self.bundles[function].key, source):
            listener(Note(function, f"uploaded {source.stat().st_size / 1e6:.1f} MB"))

    def _apply(self, step: Step, listener: Listener) -> None:
        started = time.monotonic()
        name = stack_name(self.project, step.name)
        operator = Operator(self.cloudformation, self.patience, listener)
        try:
            applied = operator.apply(self._desired(step, name), self.live.get(name))
        except Exception as error:
            listener(StackDone(name, "failed", time.monotonic() - started, summary(error)))
            raise
        self.outputs[step.name] = applied.stack.outputs
        listener(StackDone(name, applied.outcome, time.monotonic() - started))

    def _desired(self, step: Step, name: str) -> Desired:
        values = {key: self._value(step, key) for key in step.sources}
        kept = {key for key, source in step.sources.items() if isinstance(source, Default)}
        live = self.live.get(name)
        return Desired(
            stack=name,
            template=step.template,
            parameters={key: value for key, value in values.items() if value is not None},
            kept=frozenset(kept.intersection(live.parameters if live else ())),
            tags={PROJECT_TAG: self.project, TEMPLATE_TAG: step.name},
        )

    def _value(self, step: Step, name: str) -> str | None:
        keys = {function: found.key for function, found in self.bundles.items()}
        return step.value(name, self.outputs, keys)

    def _live_value(self, step: Step, name: str) -> str | None:
        live = self.live.get(stack_name(self.project, step.name))
        return live.parameters.get(name) if live else None
