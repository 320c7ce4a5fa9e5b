"""The values that a person gave for parameters, by the names that the templates have for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..cloudformation.template import Template
from ..errors import UnknownParameterError
from ..text import did_you_mean

# Of more names than this, the likely ones are all that helps.
MOST_NAMES = 12


def given(
    templates: Sequence[Template],
    overrides: Mapping[str, str],
    places: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The values by the parameters' own names, which may be given in any case.

    `places` has where a value was given, for those of a file. Raises UnknownParameterError.
    """
    names = {name for template in templates for name in template.parameters}
    return {_known(word, names, places or {}): value for word, value in overrides.items()}


def _known(word: str, names: Iterable[str], places: Mapping[str, str]) -> str:
    folded = {name.casefold(): name for name in sorted(names)}
    name = word if word in names else folded.get(word.casefold())
    if name is None:
        hint = did_you_mean([word], names)
        if not hint and len(folded) <= MOST_NAMES:
            hint = f" There are: {', '.join(sorted(names)) or 'none'}"
        raise UnknownParameterError([word], hint, places.get(word))
    return name
