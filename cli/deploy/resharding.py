"""The changes of a stream's number of shards that Kinesis refuses, told before any of the deploy.

UpdateShardCount takes at most double, and at least half, of the shards that are open:
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..cloudformation import nodes, operations, outside, stacks
from ..errors import TemplateError
from ..text import command, counted
from . import resources
from .wiring import Default, Given, Step

if TYPE_CHECKING:
    import boto3

    from ..cloudformation.stacks import Stack
    from .project import Project

KIND = "AWS::Kinesis::Stream"
# Our parameter has the name of the property.
_COUNT, _PROVISIONED = stacks.SHARDS, "PROVISIONED"
# They leave a stream as it is written; of other macros nobody knows.
_HARMLESS = frozenset({"AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"})
_OPEN = "?"
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
    before = _streams(body, live.parameters)
    after = _streams(step.template.body, _values(project, step, live, body))
    for logical_id in sorted(before.keys() & after.keys()):
        old, new = before[logical_id], after[logical_id]
        # With another name, it is another stream.
        if old.name == new.name and old.shards != new.shards:
            yield Change(logical_id, new.shards, *_place(step.template.body, logical_id))


@dataclass(frozen=True)
class _Stream:
    """A provisioned stream as a template has it; the `name` is empty where AWS makes it up."""

    name: str
    shards: int


def _streams(body: str, values: Values) -> dict[str, _Stream]:
    """The streams of the template, by logical id, of which name, mode and number are known."""
    # AWS's own are the same before and after.
    own = {name: name for name in resources.PSEUDO_PARAMETERS}
    data = resources.data(body, {**own, **values}, _OPEN)
    listed = data.get("Resources", {}).items()
    streams = ((logical_id, _stream(resource)) for logical_id, resource in listed)
    return {logical_id: stream for logical_id, stream in streams if stream}


def _stream(resource: Any) -> _Stream | None:
    properties = resource.get("Properties") if isinstance(resource, dict) else None
    if not isinstance(properties, dict) or resource.get("Type") != KIND:
        return None
    name, shards = properties.get("Name", ""), properties.get(_COUNT, "")
    mode = properties.get("StreamModeDetails", {"StreamMode": _PROVISIONED})
    is_known = mode == {"StreamMode": _PROVISIONED} and name != _OPEN
    # What is not known is no number; no stream has none.
    is_number = isinstance(shards, str) and shards.isdecimal() and int(shards) > 0
    return _Stream(str(name), int(shards)) if is_known and is_number else None


def _place(body: str, logical_id: str) -> tuple[str, int]:
    """The parameter that gives the stream's number, if one does, and the line that says so."""
    listed = nodes.entries(nodes.entries(nodes.compose(body)).get("Resources"))
    node = nodes.entries(nodes.entries(listed[logical_id]).get("Properties"))[_COUNT]
    is_parameter = nodes.call(node)[0] == "Ref"
    names = nodes.references(nodes.pattern(node) or "") if is_parameter else []
    return "".join(names), nodes.line(node)


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
