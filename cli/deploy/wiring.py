"""The wiring of the templates: by name, with no table anywhere.

A parameter takes, in this order, the value that the person gave, the output of the same name of
another template, the key of the function's code (`ProducerCode` is functions/producer), the value
that its stack has, its default. A template also comes after those whose exports it imports.
Everything is decided from templates and folders alone; nothing here calls AWS.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Union

from ..cloudformation import nodes, stacks
from ..cloudformation.template import CODE_SUFFIX, STACK, Parameter, Template
from ..errors import TemplateError, UnknownParameterError
from ..text import did_you_mean

# A Code parameter is a key in the bucket that this parameter of the same template names.
BUCKET = stacks.ARTIFACTS


@dataclass(frozen=True)
class Given:
    """A value that the person gave."""

    value: str


@dataclass(frozen=True)
class Output:
    """The output of the parameter's name, of another template."""

    template: str


@dataclass(frozen=True)
class Code:
    """The S3 key of a function's packaged folder."""

    function: str


@dataclass(frozen=True)
class Default:
    """The stack's present value, or the template's default in a new stack, when it has one."""


Source = Union[Given, Output, Code, Default]


@dataclass(frozen=True)
class Step:
    """One stack to deploy, and where each of its parameters comes from.

    `imports` are the templates whose exports it imports, each with the line of the first import.
    `bucket` is where the artifact bucket comes from, when something has to go through it.
    """

    template: Template
    sources: Mapping[str, Source]
    imports: Mapping[str, int] = field(default_factory=dict)
    bucket: Source | None = None

    @property
    def name(self) -> str:
        return self.template.name

    @property
    def providers(self) -> frozenset[str]:
        """The templates whose outputs this one takes."""
        sources = (*self.sources.values(), self.bucket)
        return frozenset(source.template for source in sources if isinstance(source, Output))

    @property
    def parents(self) -> frozenset[str]:
        """The templates whose outputs this one takes, or whose exports."""
        return self.providers | frozenset(self.imports)

    @property
    def functions(self) -> frozenset[str]:
        return frozenset(s.function for s in self.sources.values() if isinstance(s, Code))

    def value(
        self, name: str, outputs: Mapping[str, Mapping[str, str]], keys: Mapping[str, str]
    ) -> str | None:
        """The parameter's value, None where what the stack has or the default serves.

        `outputs` are those of the stacks, by template; `keys` those of the code, by function.
        """
        source = self.sources.get(name, self.bucket)
        if source is None:
            return None
        if isinstance(source, Given):
            return source.value
        if isinstance(source, Code):
            return keys[source.function]
        if isinstance(source, Default):
            return None
        if name not in outputs[source.template]:
            # The output has a condition: what has a default does without it.
            declared = self.template.parameters.get(name)
            if declared and declared.default is not None:
                return declared.default
            reason = f"parameter {name}: stack {source.template} has no such output (a condition?)"
            line = declared.line if declared else None
            raise TemplateError(reason, self.template.path, line)
        return outputs[source.template][name]


def wire(
    templates: Sequence[Template],
    functions: Collection[str],
    overrides: Mapping[str, str] | None = None,
    project: str = "",
) -> tuple[Step, ...]:
    """The steps, each after its parents. The project's name tells what stacks call themselves.

    Raises UnknownParameterError for an override that no template has, and TemplateError, with
    file and line, for a parameter that two templates could give, and a cycle. What nothing gives is
    in `missing`: a stack may have it already.
    """
    overrides = overrides or {}
    _refuse_unknown(templates, overrides)
    owners = _owners(templates)
    wired = [
        Step(
            template,
            {
                name: _source(template, parameter, owners, functions, overrides)
                for name, parameter in template.parameters.items()
            },
            bucket=_bucket(template, owners, overrides),
        )
        for template in templates
    ]
    for step in wired:
        _require_bucket(step)
    steps = {step.name: step for step in _with_imports(wired, project)}
    return tuple(steps[name] for name in _in_order(steps))


def missing(step: Step) -> list[Parameter]:
    """The parameters for which neither the templates nor a person give a value."""
    declared = step.template.parameters
    return [
        declared[name]
        for name, source in step.sources.items()
        if isinstance(source, Default) and declared[name].default is None
    ]


def refusal(step: Step, parameter: Parameter) -> TemplateError:
    """The error for a parameter without any value."""
    function = parameter.name[: -len(CODE_SUFFIX)].lower()
    asks = parameter.name.endswith(CODE_SUFFIX) and function
    folder = f", there is no folder functions/{function} with files" if asks else ""
    return TemplateError(
        f"no value for parameter {parameter.name}: no other template has an output of that "
        f"name{folder}, and it has no default. "
        f"Next: add --parameter-overrides {parameter.name}=VALUE",
        step.template.path,
        parameter.line,
    )


def _refuse_unknown(templates: Sequence[Template], overrides: Mapping[str, str]) -> None:
    known = {name for template in templates for name in template.parameters}
    known |= {BUCKET for template in templates if template.needs_bucket}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise UnknownParameterError(unknown, did_you_mean(unknown, known))


def _owners(templates: Sequence[Template]) -> dict[str, list[Template]]:
    """Which templates have which output."""
    owners: dict[str, list[Template]] = {}
    for template in templates:
        for output in template.outputs:
            owners.setdefault(output, []).append(template)
    return owners


def _source(
    template: Template,
    parameter: Parameter,
    owners: Mapping[str, list[Template]],
    functions: Collection[str],
    overrides: Mapping[str, str],
) -> Source:
    if parameter.name in overrides:
        return Given(overrides[parameter.name])
    owner = _owner(template, parameter, owners.get(parameter.name, []))
    if owner:
        return Output(owner.name)
    function = _function(template, parameter, functions)
    return Code(function) if function else Default()


def _bucket(
    template: Template, owners: Mapping[str, list[Template]], overrides: Mapping[str, str]
) -> Source | None:
    """Where the bucket of a template comes from that has to go through one; None for others."""
    if not template.needs_bucket:
        return None
    parameter = template.parameters.get(BUCKET, Parameter(BUCKET, "String", None, 1))
    return _source(template, parameter, owners, (), overrides)


def _owner(template: Template, parameter: Parameter, having: Iterable[Template]) -> Template | None:
    """The one template whose output the parameter takes; None when there is none.

    A template may give its own parameter on as an output; it feeds neither itself nor, where
    several do so, the others.
    """
    name = parameter.name
    others = [other for other in having if other is not template]
    origins = [other for other in others if name not in other.parameters]
    if not origins and name not in template.outputs:
        origins = others
    if len(origins) < 2:
        return next(iter(origins), None)
    places = " and ".join(f"{other.path}:{other.outputs[name]}" for other in origins)
    raise TemplateError(
        f"parameter {name} could take the output of that name of {places}. Next: give it with "
        f"--parameter-overrides {name}=VALUE, or rename one of the outputs",
        template.path,
        parameter.line,
    )


def _function(template: Template, parameter: Parameter, functions: Collection[str]) -> str:
    """The function whose code the parameter asks for; empty when it asks for none."""
    alike = _alike(parameter.name, functions)
    if len(alike) > 1:
        folders = " and ".join(f"functions/{name}" for name in alike)
        raise TemplateError(
            f"parameter {parameter.name} may mean {folders}. Next: rename one of them",
            template.path,
            parameter.line,
        )
    return next(iter(alike), "")


def _with_imports(steps: Sequence[Step], project: str) -> Iterator[Step]:
    """The steps, each with the templates whose exports it imports."""
    exporters = {name: step.name for step in steps for name in exports(step, project)}
    for step in steps:
        lines: dict[str, int] = {}
        for name, line in imports(step, project).items():
            if exporters.get(name, step.name) != step.name:
                lines.setdefault(exporters[name], line)
        yield replace(step, imports=lines)


def exports(step: Step, project: str) -> dict[str, int]:
    """The names of the stack's exports, as far as the template tells them, by their lines.

    Its own name is one of them, as `template.STACK` has it: whoever knows it may read the outputs.
    """
    own = {f"{STACK}{stacks.stack_name(project, step.name)}": 1}
    return {**own, **_resolved(step, step.template.exports, project)}


def imports(step: Step, project: str) -> dict[str, int]:
    """The names of the exports that the stack imports, in the same way."""
    return _resolved(step, step.template.imports, project)


def _resolved(step: Step, names: Mapping[str, int], project: str) -> dict[str, int]:
    """The names of exports, by their lines, as far as the templates tell them.

    What is the same everywhere may stay open: the region, and a value that a person gave before,
    which goes by the parameter's name. Anything else may not.
    """
    values: dict[str, str | None] = {"AWS::StackName": stacks.stack_name(project, step.name)}
    for name, source in step.sources.items():
        default = step.template.parameters[name].default
        values[name] = source.value if isinstance(source, Given) else default
    resolved = {nodes.filled(name, values): line for name, line in names.items()}
    known = {name for name, source in step.sources.items() if isinstance(source, Default)}
    return {
        name: line
        for name, line in resolved.items()
        if all(free.startswith("AWS::") or free in known for free in nodes.references(name))
    }


def _alike(parameter: str, functions: Collection[str]) -> list[str]:
    """The functions of that name, written exactly so, or else but for case, hyphens and so on."""
    if not parameter.endswith(CODE_SUFFIX):
        return []
    name = parameter[: -len(CODE_SUFFIX)]
    for exact in (name, name.lower()):
        if exact and exact in functions:
            return [exact]
    return sorted(known for known in functions if name and _plain(known) == _plain(name))


def _plain(name: str) -> str:
    """What is left of it in a logical id, which has letters and digits alone."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _require_bucket(step: Step) -> None:
    for name, source in step.sources.items():
        if isinstance(source, Code) and BUCKET not in step.sources:
            raise TemplateError(
                f"parameter {name} is a key in the bucket {BUCKET}; "
                f"the template needs a parameter {BUCKET} too",
                step.template.path,
                step.template.parameters[name].line,
            )


def _in_order(steps: Mapping[str, Step]) -> tuple[str, ...]:
    try:
        return tuple(
            TopologicalSorter({n: sorted(s.parents) for n, s in steps.items()}).static_order()
        )
    except CycleError as error:
        # graphlib lists each template before one that needs it, the first again at the end.
        raise _cycle(steps, list(reversed(error.args[1]))) from None


def _cycle(steps: Mapping[str, Step], names: Sequence[str]) -> TemplateError:
    needs = [
        (steps[child], parent, *_need(steps[child], parent))
        for child, parent in zip(names, names[1:])
    ]
    story = ", ".join(f"{child.name} needs {what} of {parent}" for child, parent, what, _ in needs)
    given = [what for child, _, what, _ in needs if what in child.sources]
    way = (
        f"give {given[0]} with --parameter-overrides, or rename it" if given else "cut one of them"
    )
    child, _, _, line = needs[0]
    return TemplateError(
        f"the templates depend on each other in a circle: {story}. Next: {way}",
        child.template.path,
        line,
    )


def _need(child: Step, parent: str) -> tuple[str, int]:
    """What the step takes of the other, and the line that says so."""
    for name, source in child.sources.items():
        if source == Output(parent):
            return name, child.template.parameters[name].line
    if child.bucket == Output(parent):
        return BUCKET, 1
    return "an export", child.imports[parent]
