"""Function folders as zips, and their upload: the same source gives the same key and bytes.

Nothing that the machine puts in gets into a zip: not the files' times or permissions, not the
byte code that pip leaves in an installed package. The entries are stored, not compressed, since
zlib's bytes differ from release to release; sources are small, and a jar is compressed already.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import files
from . import jar

if TYPE_CHECKING:
    import threading
    from importlib.abc import Traversable
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

# The earliest time that a zip can hold.
EPOCH = (1980, 1, 1, 0, 0, 0)
READABLE = 0o100644 << 16
UNIX = 3
DIGITS = 32


@dataclass(frozen=True)
class Bundle:
    """A function's code: `key` is its object's key, named by the content of the sources.

    A folder with a pom.xml gets, in place of it, the jar that Maven makes of it. The key rests on
    the pom.xml, so that it is known without building.
    """

    function: str
    key: str
    sources: tuple[tuple[str, bytes], ...]

    @property
    def pom(self) -> bytes | None:
        return dict(self.sources).get(jar.POM)


def folder() -> Traversable:
    """The functions that this package brings."""
    return importlib.resources.files("miztiik_events.functions")


def bundles(functions: Traversable | None = None) -> dict[str, Bundle]:
    """A bundle of each function folder, by the function's name; folders without a file are none."""
    folders = sorted((functions or folder()).iterdir(), key=lambda entry: entry.name)
    made = [bundle(entry) for entry in folders if entry.is_dir() and _is_source(entry)]
    return {code.function: code for code in made if code.sources}


def bundle(function: Traversable) -> Bundle:
    """The bundle of one function folder."""
    sources = tuple(sorted(_sources(function)))
    digest = hashlib.sha256()
    for name, content in sources:
        # Lengths keep apart what would run together: ("a", "bc") is not ("ab", "c").
        digest.update(f"{len(name)} {name} {len(content)} ".encode())
        digest.update(content)
    return Bundle(function.name, f"{function.name}/{digest.hexdigest()[:DIGITS]}.zip", sources)


def write(bundle: Bundle, target: Path, cancelled: threading.Event | None = None) -> Path:
    """Write the zip to `target` and return it; raises BuildError when the jar cannot be built."""
    with files.whole(target) as draft, zipfile.ZipFile(draft, "w") as archive:
        for name, content in bundle.sources:
            if name != jar.POM:
                archive.writestr(_entry(name), content)
        if bundle.pom is not None:
            built = jar.build(bundle.pom, cancelled)
            with built.open("rb") as source, archive.open(_entry(f"lib/{jar.NAME}"), "w") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
    return target


def _sources(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if not _is_source(entry):
            continue
        if entry.is_dir():
            yield from _sources(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()


def _is_source(entry: Traversable) -> bool:
    """False for byte code, tests, what Maven left behind, and hidden files."""
    generated = entry.name in ("__pycache__", "target", "tests")
    return not (generated or entry.name.startswith((".", "test_")) or entry.name.endswith(".pyc"))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system = UNIX
    entry.external_attr = READABLE
    return entry


def upload(
    s3: S3Client,
    bucket: str,
    key: str,
    source: Path,
    watch: Callable[[int], None] = lambda sent: None,
) -> bool:
    """Upload the file unless the bucket has the object; whether it had to.

    `watch` is told how many bytes have been sent, again and again, by any thread.
    """
    if exists(s3, bucket, key):
        return False
    sent, counting = 0, threading.Lock()

    def count(more: int) -> None:
        nonlocal sent
        with counting:
            sent += more
            watch(sent)

    s3.upload_file(str(source), bucket, key, Callback=count)
    return True


def exists(s3: S3Client, bucket: str, key: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        # A HEAD has no body, so S3 has only the status to say it with.
        if error.response["Error"].get("Code") == "404":
            return False
        raise
    return True
