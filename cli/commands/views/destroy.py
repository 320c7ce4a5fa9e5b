"""How it is shown what a removal takes, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

    from ...destroy.buckets import Contents
    from ...destroy.inventory import Inventory

Rows = list[dict[str, Any]]
# The type of a record, and the title of its section.
SECTIONS = {
    "applications": ("application", "Applications that are stopped first"),
    "stacks": ("stack", "Stacks, in this order"),
    "buckets": ("bucket", "Buckets with all that is in them"),
    "data": ("data", "What else holds data"),
    "log_groups": ("log_group", "Log groups"),
    "kept": ("kept", "Kept"),
}


def removal(session: boto3.session.Session, inventory: Inventory, form: str) -> str:
    """As `shown`, with what is in the buckets now."""
    from ...destroy import buckets
    from ...destroy.inventory import BUCKET

    s3 = session.client("s3")
    contents = {name: buckets.contents(s3, name) for name in inventory.going(BUCKET)}
    return shown(inventory, contents, form)


def shown(inventory: Inventory, contents: Mapping[str, Contents], form: str) -> str:
    """The list as `table` (text for a person), `json`, or `ndjson` (a record a line)."""
    from ...text import as_json
    from .ndjson import stamp

    sections = _sections(inventory, contents)
    where = {name: getattr(inventory, name) for name in ("account", "region", "project")}
    if form == "json":
        return as_json({**where, **sections}, indent=2)
    if form == "ndjson":
        return "\n".join(
            as_json({"type": SECTIONS[kind][0], **stamp(), **where, **row})
            for kind, rows in sections.items()
            for row in rows
        )
    return "\n".join(_lines(inventory, sections))


def _sections(inventory: Inventory, contents: Mapping[str, Contents]) -> dict[str, Rows]:
    from ...analytics import application
    from ...destroy.inventory import BUCKET

    return {
        "applications": [{"name": name} for name in inventory.going(application.TYPE)],
        "stacks": [
            {
                "name": stack.name,
                "status": stack.status,
                "reason": stack.reason,
                "is_protected": stack.is_protected,
            }
            for stack in inventory.in_order()
        ],
        "buckets": [{"name": name, **asdict(held)} for name, held in contents.items()],
        "data": [
            # A queue is called by its address.
            {
                "name": held.physical_id.rpartition("/")[2],
                "stack": held.stack,
                "kind": held.type,
            }
            for held in inventory.data
            if held.type not in (BUCKET, application.TYPE)
        ],
        "log_groups": [{"name": name} for name in inventory.log_groups],
        "kept": _kept(inventory),
    }


def _kept(inventory: Inventory) -> Rows:
    """What stays, each with the reason why."""
    retained = [(held, "retained") for held in inventory.retained]
    spared = [(held, "not in its template") for held in inventory.spared]
    resources: Rows = [
        {"name": held.physical_id, "stack": held.stack, "kind": held.type, "reason": reason}
        for held, reason in (*retained, *spared)
    ]
    stacks: Rows = [
        {"name": name, "stack": name, "kind": "stack", "reason": "--keep-data"}
        for name in inventory.kept
    ]
    return resources + stacks


def _lines(inventory: Inventory, sections: Mapping[str, Rows]) -> Iterator[str]:
    from ...text import printable

    yield (
        f"Removal of project {inventory.project} from account {inventory.account}, "
        f"region {inventory.region}:"
    )
    for kind, rows in sections.items():
        if rows:
            yield ""
            yield f"  {SECTIONS[kind][1]}"
        width = max((len(row["name"]) for row in rows), default=0)
        for row in rows:
            words = [row["name"].ljust(width), *_details(kind, row)]
            yield f"    {printable('  '.join(word for word in words if word).rstrip())}"


def _details(kind: str, row: Mapping[str, Any]) -> list[str]:
    if kind == "stacks":
        is_odd = row["status"].endswith("_FAILED")
        protection = "termination protection" if row["is_protected"] else ""
        return [row["status"], row["reason"] if is_odd else "", protection]
    if kind == "buckets":
        return [_contents(row)]
    if kind == "data":
        return [f"{row['kind']} of {row['stack']}"]
    if kind == "kept":
        return [_why(row)]
    return []


def _contents(row: Mapping[str, Any]) -> str:
    from ...text import size

    if not row["versions"]:
        return "empty"
    counts = ", ".join(
        f"{row[kind]:,} {kind if row[kind] != 1 else kind[:-1]}" for kind in ("objects", "versions")
    )
    return f"{'more than ' if row['is_cut'] else ''}{counts}, {size(row['bytes'])}"


def _why(row: Mapping[str, Any]) -> str:
    if row["kind"] == "stack":
        return "stack, kept by --keep-data"
    if row["reason"] == "retained":
        return f"{row['kind']} of {row['stack']}, retained by its DeletionPolicy"
    return f"{row['kind']} of {row['stack']}, whose template does not name it: not emptied"
