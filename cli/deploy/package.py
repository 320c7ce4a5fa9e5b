"""What a deploy needs, as files: for pipelines and for other tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING

from .. import files
from ..cloudformation.stacks import PROJECT_TAG, TEMPLATE_TAG, stack_name
from ..text import as_json
from . import bundle, uploads
from .bundle import Bundle
from .wiring import BUCKET, Code, Default, Given, Output, Step

if TYPE_CHECKING:
    from pathlib import Path

    from ..cloudformation.local_paths import LocalPath

EXECUTABLE = 0o755


def write(
    folder: Path, project: str, steps: Iterable[Step], bundles: Mapping[str, Bundle]
) -> list[Path]:
    """Write each zip under its key; for each stack, in the order of deployment, its template and a
    file of parameters and tags; a script that deploys it all. What was written.

    The parameters are those known before a deploy, the keys of the code: outputs are not.
    """
    steps = tuple(steps)
    written = [bundle.write(code, folder / code.key) for code in bundles.values()]
    for step in steps:
        template = folder / "templates" / f"{step.name}.yaml"
        parameters = folder / f"{stack_name(project, step.name)}.json"
        configuration = _configuration(project, step, bundles)
        if step.template.local_paths:
            written += _with_local_paths(folder, step)
        else:
            written.append(_write(template, step.template.body))
        written.append(_write(parameters, as_json(configuration, indent=2) + "\n"))
    executable = _write(folder / "deploy.sh", script(project, steps, bundles))
    executable.chmod(EXECUTABLE)
    return [*written, executable]


def _with_local_paths(folder: Path, step: Step) -> list[Path]:
    """The template for `aws cloudformation package`, and what it names, all within the folder."""

    def reference(path: LocalPath, key: str) -> str:
        # Templates that name something are two folders deep, wherever they are.
        return as_json(f"../../{key}")

    packed = uploads.of(step.template, reference)
    written = [uploads.write(content, folder / key) for key, content in packed.objects.items()]
    return [*written, _write(folder / "local" / step.name / "template.yaml", packed.body)]


def _configuration(project: str, step: Step, bundles: Mapping[str, Bundle]) -> dict[str, object]:
    values = {}
    for name, source in step.sources.items():
        if isinstance(source, Code):
            values[name] = bundles[source.function].key
        elif isinstance(source, Given) and not step.template.parameters[name].is_secret:
            values[name] = source.value
    return {"Parameters": values, "Tags": {PROJECT_TAG: project, TEMPLATE_TAG: step.name}}


def _write(target: Path, content: str) -> Path:
    with files.whole(target) as draft:
        # As bytes, so that the lines end as they did.
        draft.write_bytes(content.encode())
    return target


_HEAD = """\
#!/bin/sh
# Deploys what is in this folder with the AWS CLI alone. Written by `miztiik-events package`.
# Arguments are values for further parameters of the templates: ./deploy.sh WindowSeconds=10
set -eu
cd "$(dirname "$0")"
outputs=$(mktemp)
trap 'rm -f "$outputs"' EXIT
# What the next template needs: a bucket that it goes through, a further capability.
bucket= expand=

package() { # TEMPLATE
  aws cloudformation package --template-file "local/$1/template.yaml" --s3-bucket "$bucket" \\
    --output-template-file "templates/$1.yaml"
}

deploy() { # TEMPLATE STACK [NAME=VALUE ...]
  template=$1 stack=$2
  shift 2
  aws cloudformation deploy --template-file "templates/$template.yaml" --stack-name "$stack" \\
    --capabilities CAPABILITY_NAMED_IAM $expand --no-fail-on-empty-changeset \\
    ${bucket:+--s3-bucket "$bucket"} \\
    --tags %(tags)s \\
    ${1:+--parameter-overrides} "$@"
}

keep_outputs() { # STACK
  aws cloudformation describe-stacks --stack-name "$1" --output text \\
    --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' >>"$outputs"
}

output() { # NAME [DEFAULT, for an output whose condition does not hold]
  awk -F '\\t' -v name="$1" '$1 == name {print $2; found = 1; exit} END {exit !found}' "$outputs" ||
    printf %%s "${2-}"
}
"""


def script(project: str, steps: Sequence[Step], bundles: Mapping[str, Bundle]) -> str:
    """The script; it expects templates and zips beside it, where `package.write` puts them."""
    tags = f'{quote(f"{PROJECT_TAG}={project}")} "{TEMPLATE_TAG}=$template"'
    keys = {function: code.key for function, code in bundles.items()}
    return "\n".join([_HEAD % {"tags": tags}, *_body(project, steps, keys), ""])


def _body(project: str, steps: Sequence[Step], keys: Mapping[str, str]) -> Iterator[str]:
    # Nobody needs the others' outputs, and to ask for them takes the AWS CLI a second.
    needed = {name for step in steps for name in step.providers}
    is_uploaded = False
    for step in steps:
        if step.functions and not is_uploaded:
            yield _upload(step, keys)
            is_uploaded = True
        values = [
            f"{quote(name)}={_word(step, name, keys)}"
            for name, source in step.sources.items()
            if not isinstance(source, Default)
        ]
        stack = quote(stack_name(project, step.name))
        expand = " ".join(step.template.capabilities[1:])
        bucket = _word(step, BUCKET, keys) if step.bucket else ""
        if needs_more := bool(expand or bucket):
            yield f"bucket={bucket} expand={expand}"
        if step.template.local_paths:
            yield f"package {quote(step.name)}"
        yield _lines(f"deploy {quote(step.name)} {stack}", *values, '"$@"')
        if step.name in needed:
            yield f"keep_outputs {stack}"
        if needs_more:
            yield "bucket= expand="


def _upload(step: Step, keys: Mapping[str, str]) -> str:
    # The names tell the content, so an object of the same size is the same.
    return _lines(
        f"aws s3 sync . s3://{_word(step, BUCKET, keys)} --size-only --exclude '*'",
        *(f"--include {quote(key)}" for key in keys.values()),
    )


def _word(step: Step, name: str, keys: Mapping[str, str]) -> str:
    """The parameter's value as the shell has to read it."""
    declared = step.template.parameters.get(name)
    if isinstance(step.sources.get(name, step.bucket), Output):
        default = quote(declared.default) if declared and declared.default is not None else ""
        return f'"$({f"output {quote(name)} {default}".rstrip()})"'
    value = step.value(name, {}, keys)
    if declared and declared.is_secret and isinstance(step.sources.get(name), Given):
        # What is secret is in no file of ours; the script takes it from the environment.
        value = None
    elif value is None and declared:
        value = declared.default
    return f'"${{{name}:?}}"' if value is None else quote(value)


def _lines(*parts: str) -> str:
    """One command, a part a line."""
    return " \\\n  ".join(parts)
