"""What a deploy needs, as files: for pipelines and for other tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from . import bundle
from .bundle import Bundle
from .output import as_json
from .plan import Code, Step
from .stacks import PROJECT_TAG, TEMPLATE_TAG, stack_name

if TYPE_CHECKING:
    from pathlib import Path


def write(
    folder: Path, project: str, steps: Iterable[Step], bundles: Mapping[str, Bundle]
) -> list[Path]:
    """Write each zip under its key, and a file of parameters and tags for each stack, in the
    order of deployment; what was written.

    The parameters are those known before a deploy, the keys of the code: outputs are not.
    """
    written = [bundle.write(found, folder / found.key) for found in bundles.values()]
    for step in steps:
        configuration = {
            "Parameters": {
                name: bundles[source.function].key
                for name, source in step.sources.items()
                if isinstance(source, Code)
            },
            "Tags": {PROJECT_TAG: project, TEMPLATE_TAG: step.name},
        }
        target = folder / f"{stack_name(project, step.name)}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_json(configuration, indent=2) + "\n", "utf-8")
        written.append(target)
    return written
