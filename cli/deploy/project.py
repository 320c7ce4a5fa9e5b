"""A project as it should be, beside what CloudFormation holds of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..cloudformation import soundness, stacks, template_folder
from ..cloudformation.change_sets import Desired
from ..cloudformation.stacks import PROJECT_TAG, TEMPLATE_TAG, Stack, stack_name
from ..cloudformation.template import LARGEST_BODY
from ..cloudformation.template_folder import PassedOver
from ..errors import NotDeployedError, TemplateError, UnhealthyError
from . import bundle, resharding, values
from .bundle import Bundle
from .wiring import BUCKET, Code, Default, Given, Step, missing, refusal, wire

if TYPE_CHECKING:
    from importlib.abc import Traversable

    import boto3

Outputs = Mapping[str, Mapping[str, str]]
# What CloudFormation shows of a parameter that is declared NoEcho.
HIDDEN = "****"
_WAY_IN = "  Next: give the folder of the project's templates (--templates), or another --project"
_TAKE_OVER = "; to take these stacks into this project: the same command with --take-over"
_RENAMED = (
    ".\n    If you renamed templates, or put others in their place: the same command with "
    "--take-over --prune\n    deploys these, then deletes what is only in the project (asks "
    "first); with --take-over alone, that stays"
)


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
    not be rolled back, without the resources (logical ids) in `skip`. `chosen` are the stacks to
    deploy, none for all of them; those that they need come along, unless `is_alone`.
    `places` has the place of each value of `overrides` that comes from the project's file.
    Without `waits`, changes are begun and not waited for. CloudFormation acts as the role
    `role_arn`, if there is one. With `imports`, resources that exist already are taken in.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    is_protected: bool | None = None
    is_express: bool = False
    recovers: bool = False
    skip: frozenset[str] = frozenset()
    chosen: tuple[str, ...] = ()
    is_alone: bool = False
    places: Mapping[str, str] = field(default_factory=dict)
    waits: bool = True
    role_arn: str | None = None
    imports: bool = False


@dataclass(frozen=True)
class Project:
    """`live` has the stacks that exist, by stack name; outputs are by template.

    `rest` are the steps that were not chosen. `gone` are the project's stacks that have no template
    any more, by stack name.
    """

    name: str
    steps: tuple[Step, ...]
    bundles: Mapping[str, Bundle]
    live: Mapping[str, Stack]
    settings: Settings
    rest: tuple[Step, ...] = ()
    gone: Mapping[str, Stack] = field(default_factory=dict)

    @property
    def live_outputs(self) -> dict[str, Mapping[str, str]]:
        """What the stacks that exist give, those too that were not chosen."""
        live = ((step.name, self.live_stack(step)) for step in (*self.steps, *self.rest))
        return {name: stack.outputs for name, stack in live if stack}

    def parents(self, step: Step) -> frozenset[str]:
        """The steps that come before this one; what it needs of others, it has."""
        return step.parents & {other.name for other in self.steps}

    def refuse_foreign(self) -> None:
        """Raise UnhealthyError when these templates are not those that the project came from.

        That is, when the project has stacks of others, and fewer of these than of those, or
        than new ones would come; or when a stack of such a name is another project's.
        """
        taken = [
            f"{stack.name} belongs to project {owner}"
            for stack in self.live.values()
            if (owner := stack.tags.get(PROJECT_TAG, self.name)) != self.name
        ]
        if taken:
            lines = "".join(f"\n    {line}" for line in taken)
            raise UnhealthyError(
                f"Stacks of these names are another project's:{lines}\n{_WAY_IN}{_TAKE_OVER}"
            )
        new = sorted(step.name for step in self.steps if self.live_stack(step) is None)
        if self.gone and new and max(len(self.gone), len(new)) > len(self.live):
            raise UnhealthyError(
                f"Project {self.name!r} was deployed from other templates:\n"
                f"    only in the project: {', '.join(self.gone)}\n"
                f"    only here: {', '.join(new)}\n{_WAY_IN}{_RENAMED}"
            )

    def require_parents(self) -> None:
        """Raise NotDeployedError when a stack needs one that was not chosen and is not there."""
        there = {*self.live_outputs, *(step.name for step in self.steps)}
        for step in self.steps:
            for parent in sorted(step.parents - there):
                needs = f"stack {stack_name(self.name, parent)}, which {step.name} needs"
                raise NotDeployedError(needs, self.name)

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
        orphans = self._orphans(step, own)
        kept -= orphans.keys()
        # What a person gave before the stack, or its parameter, was there holds for it too.
        values.update({key: self._value_given(step, key) for key in kept.difference(own)})
        values.update(orphans)
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
            role_arn=self.settings.role_arn,
            imports=self.settings.imports,
        )

    def parameter(self, name: str) -> str | None:
        """The value that a parameter will have which no other stack gives; None without it."""
        for step in (*self.steps, *self.rest):
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

    def refuse_unsound(self) -> None:
        """Raise TemplateError for a new stack whose template or default CloudFormation refuses.

        The plan of a new stack is made of its template alone; of others, CloudFormation tells.
        """
        lives = ((step, self.live_stack(step)) for step in self.steps)
        new = [step for step, live in lives if live is None or live.is_vacant]
        if new:
            soundness.refuse_twins(step.template for step in (*self.rest, *self.steps))
        for step in new:
            soundness.refuse(step.template)
            own = [name for name, one in step.sources.items() if isinstance(one, Default)]
            values.refuse_defaults(step.template, own)

    def _orphans(self, step: Step, own: Mapping[str, str]) -> dict[str, str]:
        """The defaults of the parameters whose values come from stacks without a template.

        Their outputs gave them, and nobody else; to keep them would be to need these stacks.
        """
        return {
            name: default
            for name, source in step.sources.items()
            if isinstance(source, Default)
            and (default := step.template.parameters[name].default) is not None
            and name in own
            and own[name] in [stack.outputs.get(name) for stack in self.gone.values()]
        }

    def _value_given(self, step: Step, name: str) -> str | None:
        """The value that the parameter has in the stack, or else in another of the project.

        None when none has it, or does not show it.
        """
        everything = (*self.steps, *self.rest)
        takers = [one for one in everything if isinstance(one.sources.get(name), Default)]
        own = step.template.parameters.get(name)
        has_default = own is not None and own.default is not None
        for one in (step, *takers):
            value = self._live_value(one, name)
            # What nobody gave is another template's own matter, where this one has a default.
            is_others = has_default and one is not step
            is_given = not (is_others and value == one.template.parameters[name].default)
            if value not in (None, HIDDEN) and is_given:
                return value
        return None

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
    rest: tuple[Step, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()

    def beside(self, session: boto3.session.Session) -> Project:
        """The project with the stacks that exist.

        By their names, not by the project's tag: a name is taken whoever's the stack is. Raises
        TemplateError for a parameter that nobody has given a value, now or before, for a new
        stack that CloudFormation would refuse, and for a number of shards that Kinesis would.
        """
        project = self.among(stacks.every_live(session.client("cloudformation")))
        project.refuse_missing()
        project.refuse_unsound()
        resharding.refuse(session, project)
        return project

    def among(self, everything: Iterable[Stack]) -> Project:
        """The project with those of these stacks that have the names of its own."""
        everything = tuple(everything)
        names = {stack_name(self.name, step.name) for step in (*self.steps, *self.rest)}
        live = {stack.name: stack for stack in everything if stack.name in names}
        gone = {
            stack.name: stack
            for stack in sorted(everything, key=lambda stack: stack.name)
            if stack.tags.get(PROJECT_TAG) == self.name
            and stack.name not in names
            and not stack.is_nested
        }
        return Project(self.name, self.steps, self.bundles, live, self.settings, self.rest, gone)


def draft(name: str, settings: Settings | None = None, sources: Sources | None = None) -> Draft:
    """The project by its templates and functions.

    Raises TemplateError, UnknownParameterError, and UnknownStackError for a choice that is none.
    """
    settings, sources = settings or Settings(), sources or Sources()
    found = template_folder.read(sources.templates)
    templates = found.templates
    given = values.given(templates, settings.overrides, settings.places)
    steps = wire(templates, bundle.names(sources.functions), given, name)
    bundles = bundle.bundles(sources.functions, steps)
    chosen = _chosen(name, steps, settings)
    # The file's values are for the whole project, what is typed is for what is named.
    typed = [name for name in settings.overrides if name not in settings.places]
    values.require([step.template for step in steps if step.name in chosen], typed)
    rest = tuple(step for step in steps if step.name not in chosen)
    taken = tuple(step for step in steps if step.name in chosen)
    return Draft(name, taken, bundles, settings, rest, found.passed_over)


def _chosen(project: str, steps: Iterable[Step], settings: Settings) -> set[str]:
    """The templates to deploy: those that were named, and before them what they need."""
    by_stack = {stack_name(project, step.name): step for step in steps}
    names = stacks.named(project, settings.chosen, by_stack) if settings.chosen else set(by_stack)
    chosen = {by_stack[name].name for name in names}
    # From the last step on, which nothing needs any more.
    for step in reversed(by_stack.values()) if not settings.is_alone else ():
        if step.name in chosen:
            chosen |= step.parents
    return chosen
