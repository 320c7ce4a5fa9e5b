"""How it is shown which stack takes what from which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...deploy.wiring import Step


def shown(steps: Sequence[Step], form: str, project: str) -> str:
    """The stacks as `table` (text for a person), `svg`, `dot` (for Graphviz), or as data."""
    from ...text import written

    if form == "dot":
        return "\n".join(_dot(steps))
    if form == "svg":
        from .graph_picture import picture

        return picture({step.name: _needs(step) for step in steps}, f"The stacks of {project}")
    if form == "table":
        return "\n".join(_lines(steps))
    return written([_record(step) for step in steps], form)


def _takings(step: Step) -> dict[str, list[str]]:
    """The names of the outputs that the stack takes, by the stack that has them."""
    from ...deploy.wiring import BUCKET, Output

    takings: dict[str, list[str]] = {}
    for name, source in sorted({BUCKET: step.bucket, **step.sources}.items()):
        if isinstance(source, Output):
            takings.setdefault(source.template, []).append(name)
    return dict(sorted(takings.items()))


def _needs(step: Step) -> dict[str, list[str]]:
    """The same for a person, exports among them."""
    needs = {parent: list(names) for parent, names in _takings(step).items()}
    for parent in step.imports:
        needs.setdefault(parent, []).append("exports")
    return dict(sorted(needs.items()))


def _record(step: Step) -> dict[str, Any]:
    return {
        "stack": step.name,
        "takes": _takings(step),
        "imports": sorted(step.imports),
        "functions": sorted(step.functions),
    }


def _lines(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        yield step.name
        for parent, names in _needs(step).items():
            yield f"    {', '.join(names)}  from {parent}"
        for function in sorted(step.functions):
            yield f"    code of functions/{function}"


def _dot(steps: Sequence[Step]) -> Iterator[str]:
    yield "digraph stacks {"
    yield "  rankdir=LR; node [shape=box];"
    for step in steps:
        yield f"  {_quoted(step.name)};"
        for parent, names in _needs(step).items():
            label = _quoted("\n".join(names))
            yield f"  {_quoted(parent)} -> {_quoted(step.name)} [label={label}];"
    yield "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
