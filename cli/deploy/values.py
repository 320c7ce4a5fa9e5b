"""The values that a person gave for parameters, by the names that the templates have for them."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..cloudformation import allowed_patterns
from ..cloudformation.stacks import ARTIFACTS
from ..cloudformation.template import Parameter, Template
from ..errors import ParameterValueError, TemplateError, UnknownParameterError
from ..text import counted, did_you_mean, shortened

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LARGEST = 4096
# Of more of a value than this, nothing is to be read.
_SHOWN = 60
# Of more names than this, the likely ones are all that helps.
MOST_NAMES = 12
_NUMBERS = ("Number", "List<Number>")
_LISTS = ("CommaDelimitedList", "List<Number>", "List<String>")
_CHECKED = ("String", *_NUMBERS, *_LISTS)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def given(
    templates: Sequence[Template],
    overrides: Mapping[str, str],
    places: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The values by the parameters' own names, which may be given in any case.

    `places` has where a value was given, for those of a file. Raises UnknownParameterError, and
    ParameterValueError for what CloudFormation would refuse.
    """
    places = places or {}
    known = require(templates, overrides, places)
    values = {known[word]: value for word, value in overrides.items()}
    origins = {name: places.get(word, f"-p {word}") for word, name in known.items()}
    for template in templates:
        for name, parameter in template.parameters.items():
            if name in values and (reason := problem(parameter, values[name])):
                raise ParameterValueError(
                    f"{origins[name]}: {reason} ({template.path}:{parameter.line}: {name})"
                )
    return values


def refuse_defaults(template: Template, names: Iterable[str]) -> None:
    """Raise TemplateError for a default that is not what its own parameter takes."""
    for parameter in map(template.parameters.__getitem__, names):
        if parameter.default is not None and (reason := problem(parameter, parameter.default)):
            raise TemplateError(
                f"the default of {parameter.name}: {reason}", template.path, parameter.line
            )


def require(
    templates: Iterable[Template], words: Iterable[str], places: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The parameters' own names, by the words for them; raises UnknownParameterError."""
    templates = tuple(templates)
    buckets = {ARTIFACTS for template in templates if template.needs_bucket}
    names = sorted({name for template in templates for name in template.parameters} | buckets)
    folded = {name.casefold(): name for name in names}
    known = {word: word if word in names else folded.get(word.casefold(), "") for word in words}
    unknown = [word for word, name in known.items() if not name]
    if unknown:
        hint = did_you_mean(unknown, names)
        if len(names) <= MOST_NAMES:
            hint += f" There are: {', '.join(names)}" if names else " There are none"
        raise UnknownParameterError(unknown, hint, (places or {}).get(unknown[0]))
    return known


def problem(parameter: Parameter, value: str) -> str | None:
    """What the parameter's own type and constraints have against the value.

    What only AWS can tell is left to it: types that stand for something there, patterns that
    Python does not read as Java does, and those that take long.
    """
    is_list = parameter.type in _LISTS
    items = [item.strip() for item in value.split(",")] if is_list else [value]
    shown = "the value" if parameter.is_secret else repr(value)
    if len(value.encode()) > LARGEST:
        return f"it has {len(value.encode()):,} bytes, and a value takes at most {LARGEST:,}"
    shown = shortened(shown, _SHOWN)
    if parameter.type in _NUMBERS and not all(_NUMBER.fullmatch(item.strip()) for item in items):
        return f"{shown} is not a number" if not is_list else f"{shown} is not a list of numbers"
    if parameter.type not in _CHECKED:
        return None
    try:
        broken = next((reason for item in items for reason in _broken(parameter, item)), None)
    except TimeoutError:
        return None
    if broken is None:
        return None
    description = parameter.constraints.get("ConstraintDescription", ())
    return f"{shown}: {''.join(description) or broken}"


def _broken(parameter: Parameter, item: str) -> Iterator[str]:
    """Each constraint that the item does not keep, in words."""
    allowed = parameter.constraints.get("AllowedValues")
    if allowed is not None and not any(_is_same(parameter, item, other) for other in allowed):
        yield f"must be one of {', '.join(allowed)}"
    for pattern in parameter.constraints.get("AllowedPattern", ()):
        if parameter.type not in _NUMBERS and not allowed_patterns.matches(pattern, item):
            yield f"must match {pattern}"
    if parameter.type in _NUMBERS:
        yield from _outside(parameter, float(item), "Value")
    elif parameter.type not in _LISTS:
        yield from _outside(parameter, len(item.encode("utf-16-le")) // 2, "Length")


def _outside(parameter: Parameter, size: float, kind: str) -> Iterator[str]:
    for word, prefix, is_broken in (("least", "Min", operator.lt), ("most", "Max", operator.gt)):
        for bound in parameter.constraints.get(f"{prefix}{kind}", ()):
            if _NUMBER.fullmatch(bound) and is_broken(size, float(bound)):
                is_length = kind == "Length"
                yield f"must be at {word} " + (
                    counted(int(float(bound)), "character") if is_length else bound
                )


def _is_same(parameter: Parameter, item: str, other: str) -> bool:
    is_number = parameter.type in _NUMBERS and _NUMBER.fullmatch(other)
    return float(item) == float(other) if is_number else item == other
