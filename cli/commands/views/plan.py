"""How the plan of a deploy is shown: + create, ~ update, - remove, ! replace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ...cloudformation.changes import Action

if TYPE_CHECKING:
    from ...cloudformation.changes import PropertyChange, ResourceChange
    from ...deploy.plan import Plan, StackPlan

SIGNS: dict[Action, str] = {"create": "+", "update": "~", "remove": "-", "replace": "!"}
COLORS: dict[Action, str] = {
    "create": "green",
    "update": "yellow",
    "remove": "red",
    "replace": "red",
}
LONGEST_VALUE = 60


def shown(plan: Plan, form: str, *, color: bool) -> str:
    """The plan as `table` (text for a person), `json`, or `ndjson` (a record a stack)."""
    from ...text import as_json
    from .ndjson import stamp

    if form == "json":
        return as_json(asdict(plan), indent=2)
    if form == "ndjson":
        where = {"account": plan.account, "region": plan.region, "project": plan.project}
        records = [{"type": "plan", **stamp(), **where, **asdict(stack)} for stack in plan.stacks]
        records += [{"type": "gone", **stamp(), **where, "stack": name} for name in plan.gone]
        return "\n".join(as_json(record) for record in records)
    text = "\n".join(_lines(plan))
    return text if color else click.unstyle(text)


def _lines(plan: Plan) -> Iterator[str]:
    yield (f"Plan of project {plan.project} in account {plan.account}, region {plan.region}:")
    for stack in plan.stacks:
        if stack.fate != "unchanged" or stack.notes:
            yield ""
            yield from _stack_lines(stack)
    if plan.gone:
        yield ""
        yield f"Without a template any more, and left alone: {', '.join(plan.gone)}"
    yield ""
    yield _summary(plan)
    if plan.cost:
        yield f"On AWS it costs {plan.cost}."


def _stack_lines(stack: StackPlan) -> Iterator[str]:
    yield click.style(f"{stack.stack}  {stack.fate}", bold=True)
    for note in stack.notes:
        yield f"    {note}"
    for parameter in stack.parameters:
        yield f"    parameter {_property(parameter)}"
    for resource in stack.resources:
        yield from _resource_lines(resource)


def _resource_lines(resource: ResourceChange) -> Iterator[str]:
    notes = [resource.note] if resource.note else []
    if resource.is_perhaps:
        notes.append("may be replaced")
    if resource.loses_data and not resource.note:
        notes.append(f"what is in it {'may' if resource.is_perhaps else 'would'} be lost")
    words = [SIGNS[resource.action], resource.logical_id, resource.type]
    line = "  " + "  ".join([*words, f"({'; '.join(notes)})" if notes else ""]).rstrip()
    yield click.style(line, fg=COLORS[resource.action], bold=resource.loses_data)
    force = "may force" if resource.is_perhaps else "forces"
    for change in resource.properties:
        effect = f"  {force} the replacement" if change.replaces else ""
        yield f"      {_property(change)}{effect}"


def _property(change: PropertyChange) -> str:
    if change.before is None and change.after is None:
        return f"{change.name}" + (f"  because of {change.cause}" if change.cause else "")
    return f"{change.name}: {_value(change.before)} → {_value(change.after)}"


def _value(value: str | None) -> str:
    from ...text import printable

    if value is None:
        return "(none)"
    text = printable(" ".join(value.split()))
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _summary(plan: Plan) -> str:
    from ...text import counted

    if not plan.has_changes:
        stacks = counted(len(plan.stacks), "stack")
        return f"Nothing to create, update or delete: {stacks} up to date."
    counts = Counter(change.action for stack in plan.stacks for change in stack.resources)
    actions = [action for action in SIGNS if counts[action]]
    numbers = [str(counts[action]) for action in actions]
    # What is counted is said once.
    numbers[:1] = [counted(counts[action], "resource") for action in actions[:1]]
    parts = [
        click.style(f"{SIGNS[action]} {number} to {action}", fg=COLORS[action])
        for action, number in zip(actions, numbers)
    ]
    bare = sum(stack.fate == "update" and not stack.resources for stack in plan.stacks)
    if bare:
        parts.append(click.style(f"~ {counted(bare, 'stack')} to update", fg=COLORS["update"]))
    unchanged = sum(stack.fate == "unchanged" for stack in plan.stacks)
    return ", ".join([*parts, f"{unchanged} of {counted(len(plan.stacks), 'stack')} unchanged"])
