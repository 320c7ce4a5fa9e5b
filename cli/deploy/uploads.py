"""What goes through the artifact bucket beside functions: large templates, and local paths in them.

A template that names a folder or a file of this machine is sent with the place in the bucket
instead, as `aws cloudformation package` does it; nested templates as well. Objects are named by
their content.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Union

from ..cloudformation import nodes, template
from ..cloudformation.local_paths import LocalPath
from ..cloudformation.template import LARGEST_BODY, Template
from ..errors import TemplateError
from . import bundle, uses
from .bundle import DIGITS, Bundle

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from ..cloudformation.change_sets import Desired

FOLDER = "miztiik-events-uploads-"
_ZIPS = (".zip", ".jar", ".war")
Content = Union[bytes, Bundle]
# What stands in the template for the object of this key.
Reference = Callable[[LocalPath, str], str]


@dataclass(frozen=True)
class Uploads:
    """A template as it is sent, and the objects that have to be there by then, by their keys."""

    body: str
    objects: Mapping[str, Content] = field(default_factory=dict)


def missing(declared: Template) -> Iterator[LocalPath]:
    """The paths in the template at which there is nothing."""
    folder = Path(declared.path).parent
    return (path for path in declared.local_paths if not (folder / path.path).exists())


def of(declared: Template, reference: Reference) -> Uploads:
    """What the template needs in the bucket; raises TemplateError for a path that leads nowhere."""
    return _of(declared, reference, ())


def bundles(templates: Iterable[Template]) -> list[Bundle]:
    """The folders of code that the templates name, also those nested in them."""
    found = [of(declared, lambda _, key: _quoted(key)).objects.values() for declared in templates]
    return [content for objects in found for content in objects if isinstance(content, Bundle)]


def in_bucket(bucket: str, endpoint: str) -> Reference:
    """References to objects of the bucket, at S3's endpoint."""

    def reference(path: LocalPath, key: str) -> str:
        if path.form in ("url", "s3"):
            url = path.form == "url"
            return f"{endpoint}/{bucket}/{key}" if url else f"s3://{bucket}/{key}"
        first, second = path.form.split()
        return json.dumps({first: bucket, second: key})

    return lambda path, key: _quoted(reference(path, key))


def through(desired: Desired, s3: S3Client, bucket: str, folder: Path) -> tuple[Desired, list[str]]:
    """The stack as desired with its template as CloudFormation takes it; the keys that were new.

    What the bucket lacks is uploaded; `folder` is for what is made on the way.
    """
    endpoint = s3.meta.endpoint_url
    uploads = of(desired.template, in_bucket(bucket, endpoint))
    objects, url = dict(uploads.objects), ""
    if len(uploads.body.encode()) > LARGEST_BODY:
        key = _key("templates/" + desired.template.name, uploads.body.encode(), ".yaml")
        objects[key] = uploads.body.encode()
        url = f"{endpoint}/{bucket}/{key}"
    new = [key for key, content in objects.items() if _upload(s3, bucket, key, content, folder)]
    return replace(desired, template=replace(desired.template, body=uploads.body), url=url), new


def write(content: Content, target: Path) -> Path:
    """Write an object's content to the file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Bundle):
        return bundle.write(content, target)
    target.write_bytes(content)
    return target


def _upload(s3: S3Client, bucket: str, key: str, content: Content, folder: Path) -> bool:
    if bundle.exists(s3, bucket, key):
        return False
    return bundle.upload(s3, bucket, key, write(content, folder / key))


def _of(declared: Template, reference: Reference, parents: tuple[Path, ...]) -> Uploads:
    if not declared.local_paths:
        return Uploads(declared.body)
    text, objects = nodes.as_yaml(declared.body), dict[str, Content]()
    # From the end, so that the places before stay as they are.
    for path in reversed(declared.local_paths):
        key, more = _object(declared, path, reference, parents)
        objects.update(more)
        written = text[path.start : path.end]
        end = "\n" if written.endswith("\n") else ""
        text = text[: path.start] + reference(path, key) + end + text[path.end :]
    return Uploads(text, objects)


def _object(
    declared: Template, path: LocalPath, reference: Reference, parents: tuple[Path, ...]
) -> tuple[str, dict[str, Content]]:
    """The key of what is at the path, and the objects that it takes."""
    source = Path(declared.path).parent / path.path
    if not source.exists():
        reason = f"there is no {path.path} beside the template. Next: build it, or correct the path"
        raise TemplateError(reason, declared.path, path.line)
    if path.kind == "template":
        return _nested(declared, path, source, reference, parents)
    if source.is_dir():
        if path.kind != "code":
            reason = f"{path.path} is a folder, and a file is expected here"
            raise TemplateError(reason, declared.path, path.line)
        code = _folder(declared, path, source)
        return code.key, {code.key: code}
    raw = source.read_bytes()
    if path.kind == "code" and not source.name.lower().endswith(_ZIPS):
        key = _key(source.stem, raw, ".zip")
        return key, {key: Bundle(source.stem, key, ((source.name, raw),))}
    key = _key(source.stem, raw, source.suffix)
    return key, {key: raw}


def _folder(declared: Template, path: LocalPath, source: Path) -> Bundle:
    code = bundle.bundle(source.resolve(), uses.at(declared, path.path))
    if not code.sources:
        reason = f"{path.path} has no file, and there is no empty zip. Next: put the code there"
        raise TemplateError(reason, declared.path, path.line)
    if os.path.basename(os.path.normpath(path.path)) in (".", ".."):
        # A checkout may be called otherwise elsewhere, where the key is to be the same.
        return replace(code, key=f"{declared.name}/{code.key.rpartition('/')[2]}")
    return code


def _nested(
    declared: Template,
    path: LocalPath,
    source: Path,
    reference: Reference,
    parents: tuple[Path, ...],
) -> tuple[str, dict[str, Content]]:
    own = Path(declared.path).resolve()
    if source.resolve() in (own, *parents):
        raise TemplateError(f"{path.path} is nested in itself", declared.path, path.line)
    uploads = _of(template.load(source), reference, (own, *parents))
    raw = uploads.body.encode()
    key = _key(f"templates/{source.stem}", raw, ".yaml")
    return key, {**uploads.objects, key: raw}


def _key(name: str, raw: bytes, suffix: str) -> str:
    # It may be part of a URL, as it is.
    plain = re.sub("[^A-Za-z0-9./_-]+", "-", name)
    return f"{plain}/{hashlib.sha256(raw).hexdigest()[:DIGITS]}{suffix}"


def _quoted(text: str) -> str:
    """As YAML and JSON both take it; an object is one already."""
    return text if text.startswith("{") else json.dumps(text)
