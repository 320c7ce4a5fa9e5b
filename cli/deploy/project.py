"""A project as it should be, beside what CloudFormation holds of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..cloudformation import stacks, template_folder
from ..cloudformation.change_sets import Desired
from ..cloudformation.stacks import PROJECT_TAG, TEMPLATE_TAG, Stack, stack_name
from ..cloudformation.template import LARGEST_BODY
from ..cloudformation.template_folder import PassedOver
from ..errors import TemplateError
from . import bundle
from .bundle import Bundle
from .wiring import BUCKET, Code, Default, Given, Step, missing, refusal, wire

if TYPE_CHECKING:
    from importlib.abc import Traversable

    import boto3

Outputs = Mapping[str, Mapping[str, str]]
# What CloudFormation shows of a parameter that is declared NoEcho.
HIDDEN = "****"


@dataclass(frozen=True)
class Sources:
    """Folders of templates and functions; None stands for those of this package."""

    templates: Traversable | None = None
    functions: Traversable | None = None


@dataclass(frozen=True)
class Settings:
    """What a person may ask of a deploy.

    `is_protected` is the stacks' termination protection, None to leave it as it is. `is_express`
    has CloudFormation not wait until resources have settled. `recovers` rolls back again what could
    not be rolled back, without the resources (logical ids) in `skip`.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    is_protected: bool | None = None
    is_express: bool = False
    recovers: bool = False
    skip: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Project:
    """`live` has the stacks that exist, by stack name; outputs are by template."""

    name: str
    steps: tuple[Step, ...]
    bundles: Mapping[str, Bundle]
    live: Mapping[str, Stack]
    settings: Settings

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

    def stack_name(self, step: Step) -> str:
        return stack_name(self.name, step.name)

    def live_stack(self, step: Step) -> Stack | None:
        return self.live.get(self.stack_name(step))

    def value(self, step: Step, name: str, outputs: Outputs) -> str | None:
        """The parameter's value, None where the default serves."""
        keys = {function: code.key for function, code in self.bundles.items()}
        return step.value(name, outputs, keys)

    def desired(self, step: Step, outputs: Outputs) -> Desired:
        """The stack as it should be, given the outputs of its parents."""
        values = {key: self.value(step, key, outputs) for key in step.sources}
        live = self.live_stack(step)
        own = live.parameters if live and not live.is_vacant else {}
        kept = {key for key, source in step.sources.items() if isinstance(source, Default)}
        # What a person gave before the stack, or its parameter, was there holds for it too.
        values.update({key: self._value_given(step, key) for key in kept.difference(own)})
        return Desired(
            stack=self.stack_name(step),
            template=step.template,
            parameters={key: value for key, value in values.items() if value is not None},
            kept=frozenset(kept.intersection(own)),
            # Tags that somebody gave in an earlier deploy stay.
            tags={
                **(live.tags if live else {}),
                **self.settings.tags,
                PROJECT_TAG: self.name,
                TEMPLATE_TAG: step.name,
            },
            is_express=self.settings.is_express,
        )

    def parameter(self, name: str) -> str | None:
        """The value that a parameter will have which no other stack gives; None without it."""
        for step in self.steps:
            source = step.sources.get(name)
            if isinstance(source, Given):
                return source.value
            if isinstance(source, Default):
                return self._live_value(step, name) or step.template.parameters[name].default
        return None

    def bucket(self, step: Step, outputs: Outputs) -> str:
        """The bucket for the step's code: given, another stack's, the stack's own, the default."""
        value = self.value(step, BUCKET, outputs) or self._value_given(step, BUCKET)
        parameter = step.template.parameters.get(BUCKET)
        bucket = value or (parameter.default if parameter else None)
        if bucket:
            return bucket
        if parameter:
            raise refusal(step, parameter)
        raise TemplateError(
            f"{_why_bucket(step)}, which takes a bucket. Next: give one with "
            f"--parameter-overrides {BUCKET}=NAME, or add a template with an output {BUCKET}",
            step.template.path,
        )

    def refuse_missing(self) -> None:
        """Raise TemplateError for a parameter that has no value and gets none."""
        for step in self.steps:
            if isinstance(step.bucket, Default):
                self.bucket(step, {})
            for parameter in missing(step):
                live = self.live_stack(step)
                is_kept = live and not live.is_vacant and parameter.name in live.parameters
                if not is_kept and self._value_given(step, parameter.name) is None:
                    raise refusal(step, parameter)

    def _value_given(self, step: Step, name: str) -> str | None:
        """The value that the parameter has in the stack, or else in another of the project.

        None when none has it, or does not show it.
        """
        takers = [one for one in self.steps if isinstance(one.sources.get(name), Default)]
        values = [self._live_value(one, name) for one in (step, *takers)]
        return next((value for value in values if value not in (None, HIDDEN)), None)

    def _live_value(self, step: Step, name: str) -> str | None:
        live = self.live_stack(step)
        return live.parameters.get(name) if live else None


def _why_bucket(step: Step) -> str:
    if step.template.local_paths:
        path = step.template.local_paths[0]
        return f"line {path.line} names {path.path} on this machine"
    return f"it has more than the {LARGEST_BODY:,} bytes that go in a request"


@dataclass(frozen=True)
class Draft:
    """A project as it should be, known without AWS."""

    name: str
    steps: tuple[Step, ...]
    bundles: Mapping[str, Bundle]
    settings: Settings
    passed_over: tuple[PassedOver, ...] = ()

    def beside(self, session: boto3.session.Session) -> Project:
        """The project with the stacks that exist.

        By their names, not by the project's tag: a name is taken whoever's the stack is. Raises
        TemplateError for a parameter that nobody has given a value, now or before.
        """
        project = self.among(stacks.every_live(session.client("cloudformation")))
        project.refuse_missing()
        return project

    def among(self, everything: Iterable[Stack]) -> Project:
        """The project with those of these stacks that have the names of its own."""
        names = {stack_name(self.name, step.name) for step in self.steps}
        live = {stack.name: stack for stack in everything if stack.name in names}
        return Project(self.name, self.steps, self.bundles, live, self.settings)


def draft(name: str, settings: Settings | None = None, sources: Sources | None = None) -> Draft:
    """The project by its templates and functions; raises TemplateError, UnknownParameterError."""
    settings, sources = settings or Settings(), sources or Sources()
    bundles = bundle.bundles(sources.functions)
    found = template_folder.read(sources.templates)
    steps = wire(found.templates, bundles, settings.overrides, name)
    return Draft(name, steps, bundles, settings, found.passed_over)
