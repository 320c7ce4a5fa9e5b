"""Reads, wires and plans every folder of templates in some checkouts, and prints what is refused.

    bench/public_templates.py CHECKOUTS

CHECKOUTS is a folder of checkouts of public repositories. No AWS is called: a folder is planned as
if nothing of it were deployed, and as if a person gave each value that nothing else gives. A
refusal is a TemplateError; anything else that is raised is a crash, and ends with exit code 1.
"""

from __future__ import annotations

import collections
import pathlib
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field

from miztiik_events.cloudformation import template_folder
from miztiik_events.deploy import plan, wiring
from miztiik_events.deploy.project import Draft, Settings
from miztiik_events.errors import MiztiikError, TemplateError

VALUE = "given"


@dataclass
class Counts:
    """What became of the folders; `refused` and `crashed` have a line for each."""

    read: int = 0
    templates: int = 0
    stacks: int = 0
    resources: int = 0
    planned: int = 0
    without: int = 0
    refused: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)
    passed_over: collections.Counter[str] = field(default_factory=collections.Counter)


def folders(checkouts: pathlib.Path) -> Iterator[pathlib.Path]:
    """The folders that have a file named like a template."""
    for place in sorted(checkouts.rglob("*")):
        is_hidden = any(part.startswith(".") for part in place.parts)
        if place.is_dir() and not is_hidden and any(template_folder._sources(place)):
            yield place


def try_alone(place: pathlib.Path, counts: Counts) -> int:
    """How many files of the folder are templates, each read for itself."""
    taken = 0
    for name, source in template_folder._sources(place):
        counts.read += 1
        try:
            found = template_folder._read(name, source)
        except TemplateError as error:
            counts.refused.append(f"read     {error}")
            continue
        if isinstance(found, template_folder.PassedOver):
            counts.passed_over[re.sub("[0-9]+", "N", found.reason)] += 1
        else:
            taken += 1
    counts.templates += taken
    return taken


def try_folder(place: pathlib.Path, counts: Counts) -> None:
    """Read, wire and plan the folder as one project."""
    found = template_folder.read(place)
    wired = wiring.wire(found.templates, (), project="public")
    asked = {parameter.name: VALUE for step in wired for parameter in wiring.missing(step)}
    if any(isinstance(step.bucket, wiring.Default) for step in wired):
        asked.setdefault(wiring.BUCKET, VALUE)
    steps = wiring.wire(found.templates, (), asked, "public")
    project = Draft("public", steps, {}, Settings(overrides=asked)).among([])
    project.refuse_missing()
    for step in project.steps:
        created = plan.creation(project, step, None)
        counts.resources += len(created.resources)
        counts.stacks += 1
    counts.planned += 1


def main(checkouts: str) -> int:
    root, counts = pathlib.Path(checkouts), Counts()
    for place in folders(root):
        try:
            if not try_alone(place, counts):
                counts.without += 1
                continue
            try_folder(place, counts)
        except MiztiikError as error:
            if f"read     {error}" not in counts.refused:
                counts.refused.append(f"project  {error}")
        except Exception:
            counts.crashed.append(f"{place}\n{traceback.format_exc()}")
    report(counts, root)
    return 1 if counts.crashed else 0


def report(counts: Counts, root: pathlib.Path) -> None:
    for line in counts.refused + counts.crashed:
        print(line.replace(f"{root}/", ""))
    print()
    print(f"{counts.read:6} files named like templates")
    print(f"{counts.templates:6} templates read")
    for reason, count in counts.passed_over.most_common():
        print(f"{count:6} passed over: {reason}")
    print(
        f"{counts.planned:6} folders planned: {counts.stacks} stacks, {counts.resources} resources"
    )
    print(f"{counts.without:6} folders without a template")
    print(f"{len(counts.refused):6} refusals")
    print(f"{len(counts.crashed):6} crashes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
