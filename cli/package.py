"""What a deploy needs, as files: for pipelines and for other tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from . import bundle, deploy_script, files
from .bundle import Bundle
from .cloudformation.stacks import PROJECT_TAG, TEMPLATE_TAG, stack_name
from .plan import Code, Step
from .text import as_json

if TYPE_CHECKING:
    from pathlib import Path

EXECUTABLE = 0o755


def write(
    folder: Path, project: str, steps: Iterable[Step], bundles: Mapping[str, Bundle]
) -> list[Path]:
    """Write each zip under its key; for each stack, in the order of deployment, its template and a
    file of parameters and tags; a script that deploys it all. What was written.

    The parameters are those known before a deploy, the keys of the code: outputs are not.
    """
    steps = tuple(steps)
    written = [bundle.write(found, folder / found.key) for found in bundles.values()]
    for step in steps:
        template = folder / "templates" / f"{step.name}.yaml"
        parameters = folder / f"{stack_name(project, step.name)}.json"
        configuration = _configuration(project, step, bundles)
        written.append(_write(template, step.template.body))
        written.append(_write(parameters, as_json(configuration, indent=2) + "\n"))
    script = _write(folder / "deploy.sh", deploy_script.text(project, steps, bundles))
    script.chmod(EXECUTABLE)
    return [*written, script]


def _configuration(project: str, step: Step, bundles: Mapping[str, Bundle]) -> dict[str, object]:
    return {
        "Parameters": {
            name: bundles[source.function].key
            for name, source in step.sources.items()
            if isinstance(source, Code)
        },
        "Tags": {PROJECT_TAG: project, TEMPLATE_TAG: step.name},
    }


def _write(target: Path, content: str) -> Path:
    with files.whole(target) as draft:
        # As bytes, so that the lines end as they did.
        draft.write_bytes(content.encode())
    return target
