"""The plan of a deploy as data: the steps, and where each parameter's value comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

from .cloudformation.template import Template
from .errors import TemplateError

# A Code parameter is a key in the bucket that this parameter of the same template names.
BUCKET = "ArtifactBucket"


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
