"""The changes of a stream's number of shards that Kinesis refuses, told before any of the deploy.

UpdateShardCount takes at most double, and at least half, of the shards that are open:
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..cloudformation import nodes, operations, outside, stacks
from ..errors import TemplateError
from ..text import command, counted
from .wiring import Default, Given, Step

if TYPE_CHECKING:
    import boto3
    from yaml import Node

    from ..cloudformation.stacks import Stack
    from .project import Project

KIND = "AWS::Kinesis::Stream"
# Our parameter has the name of the property.
_COUNT, _PROVISIONED = stacks.SHARDS, "PROVISIONED"
# They leave a stream as it is written; of other macros nobody knows.
_HARMLESS = frozenset({"AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"})
_UNKNOWN = ("AccessDenied", "AccessDeniedException", "ResourceNotFoundException")

Values = Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """Another number of shards for a stream; `parameter` is the one that gives it, if one does."""

    logical_id: str
    target: int
    parameter: str
    line: int


def refuse(session: boto3.session.Session, project: Project) -> None:
    """Raise TemplateError for the first stream whose number of shards surely cannot become so.

    Only of streams that are updated in place, and whose numbers before and after are known.
    """
    for step in project.steps:
        live = project.live_stack(step)
        if live is None or live.is_vacant or not live.can_be_planned:
            continue
        if KIND not in step.template.types.values():
            continue
        body = stacks.body(session.client("cloudformation"), live.id)
        for change in changes(project, step, live, body):
            shards = _open_shards(session, live, change.logical_id)
            if shards and (way := steps(shards, change.target))[1:]:
                reason = f"stack {live.name}: {_refusal(change, shards, way, project.name)}"
                raise TemplateError(reason, step.template.path, change.line)


def steps(shards: int, target: int) -> list[int]:
    """The numbers of shards to go through, the target last; one is all when Kinesis takes it."""
    way = []
    while shards != target:
        shards = min(shards * 2, target) if target > shards else max(-(-shards // 2), target)
        way.append(shards)
    return way


def changes(project: Project, step: Step, live: Stack, body: str) -> Iterator[Change]:
    """The streams of the step's stack, whose template is `body`, that get another number."""
    if not {*outside.macros(body), *outside.macros(step.template.body)} <= _HARMLESS:
        return
    before, after = _streams(body), _streams(step.template.body)
    values = _values(project, step, live, body)
    for logical_id in sorted(before.keys() & after.keys()):
        old = _known(before[logical_id], live.parameters)
        new = _known(after[logical_id], values)
        # With another name, it is another stream.
        is_in_place = old.get("Name") == new.get("Name")
        count, target = (_number(one.get(_COUNT, "")) for one in (old, new))
        if is_in_place and count and target and count != target:
            node = after[logical_id][_COUNT]
            is_parameter = nodes.call(node)[0] == "Ref"
            parameter = "".join(nodes.references(nodes.pattern(node) or "")) if is_parameter else ""
            yield Change(logical_id, target, parameter, nodes.line(node))


def _streams(body: str) -> dict[str, Mapping[str, Node]]:
    """The properties of the template's provisioned streams, by logical id."""
    found: dict[str, Mapping[str, Node]] = {}
    resources = nodes.entries(nodes.entries(nodes.compose(body)).get("Resources"))
    for logical_id, resource in resources.items():
        attributes = nodes.entries(resource)
        if "Type" in attributes and attributes["Type"].value == KIND:
            found[logical_id] = nodes.entries(attributes.get("Properties"))
    return found


def _known(properties: Mapping[str, Node], values: Values) -> dict[str, str]:
    """The name and the number of shards; nothing when it is not surely provisioned, or named."""
    texts = {name: _text(properties.get(name), values) for name in ("Name", _COUNT)}
    mode = nodes.entries(properties.get("StreamModeDetails")).get("StreamMode")
    is_written = "StreamModeDetails" in properties
    if (is_written and _text(mode, values) != _PROVISIONED) or None in texts.values():
        return {}
    return {name: text for name, text in texts.items() if text is not None}


def _number(text: str) -> int:
    """The number, 0 for what is none."""
    return int(text) if text.isdecimal() else 0


def _text(node: Node | None, values: Values) -> str | None:
    """What the node comes to; None when that is not known, empty when there is no node.

    What is AWS's own stands for itself: it is the same before and after.
    """
    if node is None:
        return ""
    text = nodes.pattern(node)
    filled = None if text is None else nodes.filled(text, values)
    is_known = filled is not None and all(
        name.startswith("AWS::") for name in nodes.references(filled)
    )
    return filled if is_known else None


def _values(project: Project, step: Step, live: Stack, body: str) -> dict[str, str]:
    """The values that the parameters will have which neither another stack nor code gives."""
    sources = {
        name: source
        for name, source in step.sources.items()
        if isinstance(source, (Given, Default))
    }
    desired = project.desired(replace(step, sources=sources), {})
    defaults = {name: step.template.parameters[name].default or "" for name in sources}
    kept = {name: live.parameters[name] for name in desired.kept}
    fresh = operations.new_defaults(desired, live, body)
    return {**defaults, **kept, **desired.parameters, **fresh}


def _open_shards(session: boto3.session.Session, live: Stack, logical_id: str) -> int | None:
    """How many there are, whatever the stack says; None when there is no such stream to be seen."""
    from botocore.exceptions import ClientError

    cloudformation, kinesis = session.client("cloudformation"), session.client("kinesis")
    for resource in stacks.resources(cloudformation, live):
        if resource.logical_id == logical_id and resource.is_there:
            try:
                answer = kinesis.describe_stream_summary(StreamName=resource.physical_id)
            except ClientError as error:
                if error.response["Error"].get("Code") in _UNKNOWN:
                    return None
                raise
            return answer["StreamDescriptionSummary"]["OpenShardCount"]
    return None


def _refusal(change: Change, shards: int, way: list[int], project: str) -> str:
    first, others = way[0], [str(count) for count in way[1:]]
    rest = others[0] if len(others) == 1 else f"{', '.join(others[:-1])} and {others[-1]}"
    given = f"deploy --parameter-overrides {change.parameter}={first}"
    next_step = command(given, project) if change.parameter else f"deploy it with {first}"
    return (
        f"{change.logical_id} ({KIND}) has {counted(shards, 'open shard')} and would get "
        f"{change.target}. Kinesis takes at least half and at most double of them at once, here "
        f"{-(-shards // 2)} to {shards * 2}. Next: {next_step} first, then the same with {rest}"
    )
