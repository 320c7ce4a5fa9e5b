"""What runs a function's code: the resources of the templates that take its key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..analytics import application
from ..cloudformation.template import Template
from . import resources
from .wiring import Code, Given, Step

# What Lambda takes, unzipped and with its layers, and what Managed Flink takes.
LAMBDA_LIMIT = 262_144_000
FLINK_LIMIT = 536_870_912
SAM_FUNCTION = "AWS::Serverless::Function"
LAMBDA = ("AWS::Lambda::Function", SAM_FUNCTION)
_KEY, _UNKNOWN = "\N{KEY}", "what its template leaves open"
_CODE = ("Code", "CodeUri", "Content", "ContentUri", "ApplicationConfiguration")
_PYTHON = re.compile(r"python(3\.\d+)")
_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Runtime:
    """A Python of Lambda, as `3.12`, on x86_64 or aarch64."""

    python: str
    machine: str

    def __str__(self) -> str:
        names = {machine: name for name, machine in _MACHINES.items()}
        return f"python{self.python} on {names[self.machine]}"


@dataclass(frozen=True)
class Use:
    """A resource that takes the code; `runtime`, `architecture` and so on as its template has them.

    The `handler` is empty where that is not known.
    """

    place: str
    type: str
    runtime: str
    architecture: str
    handler: str = field(default="", compare=False)
    has_layers: bool = field(default=False, compare=False)

    @property
    def machine(self) -> str:
        """What it runs on, for a person."""
        is_open = self.architecture == _UNKNOWN != self.runtime
        return f"{self.runtime} on {self.architecture}" if is_open else self.runtime

    @property
    def python(self) -> Runtime | None:
        """The Python that runs the code; None when it is another thing, or not known."""
        python, machine = _PYTHON.fullmatch(self.runtime), _MACHINES.get(self.architecture)
        is_function = self.type in LAMBDA and python and machine
        return Runtime(python[1], machine) if is_function and python and machine else None


def of(steps: Iterable[Step], function: str) -> list[Use]:
    """Every resource that takes the function's code."""
    return [use for step in steps if function in step.functions for use in _uses(step, function)]


def at(declared: Template, path: str) -> list[Use]:
    """Every resource of the template whose code is at the path, on this machine."""
    return list(_takers(declared, resources.defaults(declared), json.dumps(path)))


def limit(uses: Iterable[Use]) -> int:
    """How many bytes the unzipped code may have."""
    types = {use.type for use in uses}
    return FLINK_LIMIT if types == {application.TYPE} else LAMBDA_LIMIT


def _uses(step: Step, function: str) -> Iterator[Use]:
    values = dict(resources.defaults(step.template))
    for name, source in step.sources.items():
        if isinstance(source, Given):
            values[name] = source.value
        elif source == Code(function):
            values[name] = _KEY
    return _takers(step.template, values, json.dumps(_KEY)[1:-1])


def _takers(declared: Template, known: Mapping[str, str], code: str) -> Iterator[Use]:
    """The resources whose code, as JSON, has this in it, with these values of parameters."""
    values = {**dict.fromkeys(declared.parameters, _UNKNOWN), **known}
    data = resources.data(declared.body, values, _UNKNOWN)
    common = _mapping(_mapping(_mapping(data).get("Globals")).get("Function"))
    for logical_id, resource in _mapping(_mapping(data).get("Resources")).items():
        type_ = str(_mapping(resource).get("Type"))
        own = _mapping(_mapping(resource).get("Properties"))
        properties = {**common, **own} if type_ == SAM_FUNCTION else own
        if not any(code in json.dumps(properties.get(name)) for name in _CODE):
            continue
        handler = properties.get("Handler", "") if type_ in LAMBDA else ""
        yield Use(
            *(declared.place(logical_id), type_, *_runtime(properties)),
            handler=handler if handler != _UNKNOWN and isinstance(handler, str) else "",
            has_layers="Layers" in properties,
        )


def _runtime(properties: Mapping[str, Any]) -> tuple[str, str]:
    runtime = properties.get("Runtime") or properties.get("RuntimeEnvironment") or _UNKNOWN
    architectures = properties.get("Architectures", ["x86_64"])
    is_list = isinstance(architectures, list) and len(architectures) == 1
    return str(runtime), str(architectures[0] if is_list else _UNKNOWN)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
