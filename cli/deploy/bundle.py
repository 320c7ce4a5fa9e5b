"""Function folders as zips, and their upload: the same source gives the same key and bytes.

Nothing that the machine puts in gets into a zip: of a file's time and permissions only whether it
is executable, which a custom runtime needs. The entries are stored, not compressed, since zlib's
bytes differ from release to release; sources are small, and a jar is compressed already.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import shutil
import threading
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .. import files
from ..errors import BuildError
from . import contents, jar, missing_parts, packages, requirements, uses
from .packages import Packages

if TYPE_CHECKING:
    from importlib.abc import Traversable

    from mypy_boto3_s3 import S3Client

    from .uses import Use
    from .wiring import Step

# The earliest time that a zip can hold.
EPOCH = (1980, 1, 1, 0, 0, 0)
READABLE, EXECUTABLE = 0o100644, 0o100755
UNIX = 3
DIGITS = 32
CHUNK = 1 << 20


@dataclass(frozen=True)
class Bundle:
    """A function's code: `key` is its object's key, named by the content of the sources.

    A folder with a pom.xml gets, in place of it, the jar that Maven makes of it, and one with a
    requirements.txt its packages. The key rests on these files, so that it is known without
    building. `place` is the folder as a person would write it, `limit` the bytes that AWS takes.
    """

    function: str
    key: str
    sources: tuple[tuple[str, bytes], ...]
    executables: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()
    packages: Packages | None = None
    remark: str = ""
    place: str = ""
    limit: int = uses.LAMBDA_LIMIT
    lacks: tuple[str, ...] = ()

    @property
    def pom(self) -> bytes | None:
        return dict(self.sources).get(jar.POM)


def folder() -> Traversable:
    """The functions that this package brings."""
    return importlib.resources.files("miztiik_events.functions")


def names(functions: Traversable | None = None) -> list[str]:
    """The functions' names, which are those of their folders; folders without a file are none."""
    return [path.name for path in _folders(functions) if contents.has_files(path)]


def bundles(
    functions: Traversable | None = None, steps: Iterable[Step] | None = None
) -> dict[str, Bundle]:
    """A bundle of each function folder by its name, or of those that the steps use.

    Raises BuildError for what cannot be packaged.
    """
    steps = None if steps is None else tuple(steps)
    wanted = _used(steps) if steps is not None else names(functions)
    folders = [path for path in _folders(functions) if path.name in wanted]
    return {path.name: bundle(path, uses.of(steps or (), path.name)) for path in folders}


def bundle(function: Path, taken: Collection[Use] = ()) -> Bundle:
    """The bundle of one function folder, for the resources that take its code."""
    limit, place = uses.limit(taken), contents.shown(function)
    found = contents.read(function, limit)
    sources = dict(found.files)
    wanted, remark = _packages(place, sources, taken)
    installed = wanted.requirements.names if wanted else ()
    lacks = missing_parts.told(place, sources, taken, installed, found.executables)
    digest = hashlib.sha256()
    for name, content in found.files:
        # Lengths keep apart what would run together: ("a", "bc") is not ("ab", "c").
        mark = "x" if name in found.executables else ""
        digest.update(f"{len(name)} {name} {len(content)}{mark} ".encode())
        digest.update(content)
    if wanted:
        digest.update(wanted.key.encode())
    key = f"{function.name}/{digest.hexdigest()[:DIGITS]}.zip"
    return Bundle(
        *(function.name, key, found.files, found.executables, found.left_out),
        *(wanted, remark, place, limit, tuple(lacks)),
    )


def remarks(code: Bundle) -> Iterator[str]:
    """What a person should know of the bundle: what is left out, added to it, or missing."""
    if code.left_out:
        yield f"{code.place}: left out of its zip: {', '.join(code.left_out)}"
    if code.remark:
        yield f"{code.place}/{requirements.NAME} is not installed: {code.remark}"
    yield from code.lacks
    if code.packages is None:
        return
    cached = "in the cache" if code.packages.is_cached else "pip has to get them first"
    yield f"{code.packages}: {cached}"
    if unpinned := code.packages.requirements.unpinned:
        verb = "is" if len(unpinned) == 1 else "are"
        yield (
            f"{code.place}/{requirements.NAME}: {', '.join(unpinned)} {verb} not pinned, so "
            "another machine may get another version. Pin with NAME==VERSION"
        )


def write(bundle: Bundle, target: Path, cancelled: threading.Event | None = None) -> Path:
    """Write the zip to `target` and return it; raises BuildError when a part cannot be built."""
    wheels = bundle.packages.wheels(cancelled) if bundle.packages else []
    _check(bundle, wheels)
    with files.whole(target) as draft, zipfile.ZipFile(draft, "w") as archive:
        for name, content in bundle.sources:
            if name != jar.POM:
                archive.writestr(_entry(name, name in bundle.executables), content)
        for name, entry, wheel in packages.contents(wheels):
            with wheel.open(entry) as source:
                _copy(source, archive, _entry(name, packages.is_executable(name, entry)))
        if bundle.pom is not None:
            with jar.build(bundle.pom, cancelled).open("rb") as built:
                _copy(built, archive, _entry(f"lib/{jar.NAME}"))
    return target


def _folders(functions: Traversable | None) -> list[Path]:
    root = Path(str(functions or folder()))
    return sorted(path for path in root.iterdir() if path.is_dir() and _may_be_function(path))


def _may_be_function(path: Path) -> bool:
    return not path.name.startswith(".") and not contents.is_leftover(path)


def _used(steps: Iterable[Step]) -> frozenset[str]:
    return frozenset(function for step in steps for function in step.functions)


def _packages(
    place: str, sources: dict[str, bytes], taken: Collection[Use]
) -> tuple[Packages | None, str]:
    """What pip has to install for the function, or why it installs nothing; neither, without."""
    if requirements.NAME not in sources or not requirements.has_any(sources[requirements.NAME]):
        return None, ""
    if any(name.endswith(requirements.INSTALLED) for name in sources):
        return None, "the folder has packages of its own already"
    runtimes = {use.python for use in taken}
    if None in runtimes or not runtimes:
        others = sorted({f"{use.machine} ({use.place})" for use in taken if use.python is None})
        known = f"it runs on {', '.join(others)}" if others else "no template says what runs it"
        return None, f"{known}, and packages are installed for Python on Lambda only"
    if len(runtimes) > 1:
        told = ", ".join(sorted(f"{use.python} ({use.place})" for use in taken))
        raise BuildError(
            f"{place}/{requirements.NAME}: its packages cannot be for {told} at once. "
            "Next: one runtime and one architecture, or a folder for each"
        )
    runtime = next(runtime for runtime in runtimes if runtime)
    return Packages(place, requirements.read(place, sources), runtime), ""


def _check(bundle: Bundle, wheels: list[Path]) -> None:
    """Raise BuildError for two files of one name, and for more than AWS takes."""
    sizes = {name: len(content) for name, content in bundle.sources if name != jar.POM}
    for name, entry, wheel in packages.contents(wheels):
        if name in sizes:
            raise BuildError(
                f"{bundle.place}: {name} is in {Path(str(wheel.filename)).name} too, so one would "
                "hide the other. Next: rename or delete it"
            )
        sizes[name] = entry.file_size
    contents.check_size(Path(bundle.place), sizes, bundle.limit)


def _copy(source: IO[bytes], archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    with archive.open(entry, "w", force_zip64=False) as copy:
        shutil.copyfileobj(source, copy, CHUNK)


def _entry(name: str, is_executable: bool = False) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system = UNIX
    entry.external_attr = (EXECUTABLE if is_executable else READABLE) << 16
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
