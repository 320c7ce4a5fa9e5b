"""The wiring of the templates: by name, with no table anywhere.

A parameter takes, in this order, the value that the person gave, the output of the same name of
another template, the key of the function's code (`ProducerCode` is functions/producer), its
default. Everything is decided from templates and folders alone; nothing here calls AWS.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Union

from ..cloudformation import stacks
from ..cloudformation.template import CODE_SUFFIX, Parameter, Template
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
    """The stack's present value, or the template's default in a new stack."""


Source = Union[Given, Output, Code, Default]


@dataclass(frozen=True)
class Step:
    """One stack to deploy, and where each of its parameters comes from."""

    template: Template
    sources: Mapping[str, Source]

    @property
    def name(self) -> str:
        return self.template.name

    @property
    def parents(self) -> frozenset[str]:
        """The templates whose outputs this one takes."""
        return frozenset(s.template for s in self.sources.values() if isinstance(s, Output))

    @property
    def functions(self) -> frozenset[str]:
        return frozenset(s.function for s in self.sources.values() if isinstance(s, Code))

    def value(
        self, name: str, outputs: Mapping[str, Mapping[str, str]], keys: Mapping[str, str]
    ) -> str | None:
        """The parameter's value, None where the default serves.

        `outputs` are those of the stacks, by template; `keys` those of the code, by function.
        """
        source = self.sources[name]
        if isinstance(source, Given):
            return source.value
        if isinstance(source, Code):
            return keys[source.function]
        if isinstance(source, Default):
            return None
        if name not in outputs[source.template]:
            reason = f"parameter {name}: stack {source.template} has no such output (a condition?)"
            line = self.template.parameters[name].line
            raise TemplateError(reason, self.template.path, line)
        return outputs[source.template][name]


def wire(
    templates: Sequence[Template],
    functions: Collection[str],
    overrides: Mapping[str, str] | None = None,
) -> tuple[Step, ...]:
    """The steps, each after its parents.

    Raises UnknownParameterError for an override that no template has, and TemplateError, with
    file and line, for a parameter that nothing gives, an output of two templates, and a cycle.
    """
    overrides = overrides or {}
    _refuse_unknown(templates, overrides)
    owners = _owners(templates)
    steps = {
        template.name: Step(
            template,
            {
                name: _source(template, parameter, owners, functions, overrides)
                for name, parameter in template.parameters.items()
            },
        )
        for template in templates
    }
    for step in steps.values():
        _require_bucket(step)
    return tuple(steps[name] for name in _in_order(steps))


def _refuse_unknown(templates: Sequence[Template], overrides: Mapping[str, str]) -> None:
    known = {name for template in templates for name in template.parameters}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise UnknownParameterError(unknown, did_you_mean(unknown, known))


def _owners(templates: Sequence[Template]) -> dict[str, Template]:
    """Which template has which output."""
    owners: dict[str, Template] = {}
    for template in templates:
        for output, line in template.outputs.items():
            if output in owners:
                first = owners[output]
                raise TemplateError(
                    f"output {output} is also one of {first.path}:{first.outputs[output]}; "
                    "templates are wired by the names of outputs, so each needs its own name",
                    template.path,
                    line,
                )
            owners[output] = template
    return owners


def _source(
    template: Template,
    parameter: Parameter,
    owners: Mapping[str, Template],
    functions: Collection[str],
    overrides: Mapping[str, str],
) -> Source:
    if parameter.name in overrides:
        return Given(overrides[parameter.name])
    owner = owners.get(parameter.name, template)
    # A template may give its own parameter on as an output; it does not feed itself.
    if owner is not template:
        return Output(owner.name)
    function, alike = _function(parameter.name), _alike(parameter.name, functions)
    if len(alike) > 1:
        folders = " and ".join(f"functions/{name}" for name in alike)
        raise TemplateError(
            f"parameter {parameter.name} may mean {folders}. Next: rename one of them",
            template.path,
            parameter.line,
        )
    if alike:
        return Code(alike[0])
    if parameter.default is not None:
        return Default()
    folder = f", there is no folder functions/{function}" if function else ""
    raise TemplateError(
        f"no value for parameter {parameter.name}: no other template has an output of that "
        f"name{folder}, and it has no default. "
        f"Next: add --parameter-overrides {parameter.name}=VALUE",
        template.path,
        parameter.line,
    )


def _function(parameter: str) -> str:
    """The function whose code the parameter asks for; empty when it does not ask for code."""
    return parameter[: -len(CODE_SUFFIX)].lower() if parameter.endswith(CODE_SUFFIX) else ""


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
        (child, next(p for p, s in steps[child].sources.items() if s == Output(parent)), parent)
        for child, parent in zip(names, names[1:])
    ]
    first, parameter, _ = needs[0]
    story = ", ".join(f"{child} needs {name} of {parent}" for child, name, parent in needs)
    template = steps[first].template
    return TemplateError(
        f"the templates depend on each other in a circle: {story}",
        template.path,
        template.parameters[parameter].line,
    )
