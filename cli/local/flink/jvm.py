"""How every JVM of Flink is started: what it may do, its class path, the classes it shares.

Most of what such a JVM does in its first seconds is to load some 15,000 classes. `share_classes`
has Java keep them as they are once loaded (class data sharing, https://openjdk.org/jeps/350), for
all that start later. Measured when a client planned the program, which the JobManager does now: the
client took 4.4 CPU-seconds instead of 7.3, JobManager and TaskManager some 1.7 less each. Where it
was not done, everything works without.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ... import files
from ...analytics import log as application_log
from ...errors import BuildError, MiztiikError
from .. import requirements

CLIENT = "org.apache.flink.client.cli.CliFrontend"
# Quick to start and small, for JVMs that live for minutes and do little. The performance data would
# be left in /tmp.
LIGHT = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
# Java 18 and newer have to be asked for the security manager, which 24 no longer has.
_JAVA_WITHOUT_SECURITY_MANAGER = range(18, 24)
_OLDEST_THAT_SHARES = 13
_ARCHIVE, _PLANNER = "classes.jsa", "flink-table-planner.jar"
_LOADER = "flink-table-planner-loader-"
# An archive that no longer fits is passed over, and nothing is to be said of it.
_QUIET = "-Xlog:cds*=off"
# A small job with what ours has: the state backend, checkpoints, windows, copies, JSON.
_PROGRAM = """
from pyflink.table import EnvironmentSettings, TableEnvironment

tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
tables.execute_sql(
    "CREATE TABLE sales (id STRING, store STRING, amount DECIMAL(20, 2), moment TIMESTAMP_LTZ(3),"
    " WATERMARK FOR moment AS moment - INTERVAL '1' SECOND) WITH ('connector' = 'datagen',"
    " 'rows-per-second' = '500', 'number-of-rows' = '1000', 'fields.store.length' = '1')"
)
tables.execute_sql(
    "CREATE TABLE revenue (store STRING, amount DECIMAL(38, 2), ends STRING)"
    " WITH ('connector' = 'filesystem', 'path' = 'results', 'format' = 'json')"
)
tables.execute_sql(
    "CREATE TEMPORARY VIEW distinct_sales AS SELECT * FROM (SELECT *, ROW_NUMBER() OVER ("
    " PARTITION BY window_start, window_end, id ORDER BY window_time) AS copy FROM TABLE("
    " TUMBLE(TABLE sales, DESCRIPTOR(moment), INTERVAL '1' SECOND))"
    " WHERE store NOT LIKE 'store!_%' ESCAPE '!') WHERE copy = 1"
)
tables.execute_sql(
    "INSERT INTO revenue SELECT store, SUM(amount), DATE_FORMAT(window_end, 'HH:mm:ss')"
    " FROM distinct_sales GROUP BY window_start, window_end, store"
).wait()
"""


def flink_home() -> Path:
    import pyflink

    return Path(pyflink.__file__).parent


def python_jar() -> Path:
    """What Flink runs Python programs with; it is not among what Flink always has."""
    return next((flink_home() / "opt").glob("flink-python-*.jar"))


def whereabouts(folder: Path) -> str:
    """A folder as Flink is told it: with the scheme of its file system, and otherwise as it is.

    In an address, what is written for a space would be taken for the name.
    """
    return f"file://{folder}"


def folders(configuration: Path, logs: Path) -> dict[str, str]:
    """The variables by which Flink's own programs find its parts, whatever these are called."""
    home = flink_home()
    # Java reads the names of files as the locale has it, and in this one knows ASCII alone.
    is_ascii = os.environ.get("LC_ALL") in ("C", "POSIX")
    return {
        **({"LC_ALL": "C.UTF-8"} if is_ascii else {}),
        "FLINK_HOME": str(home),
        "FLINK_LIB_DIR": str(home / "lib"),
        "FLINK_OPT_DIR": str(home / "opt"),
        "FLINK_PLUGINS_DIR": str(home / "plugins"),
        "FLINK_CONF_DIR": str(configuration),
        "FLINK_LOG_DIR": str(logs),
    }


def command(
    main: str,
    temporary: Path,
    options: Sequence[str] = (),
    arguments: Sequence[str] = (),
    further: Sequence[Path] = (),
) -> list[str]:
    """What runs a class of Flink; `temporary` is where Java may leave files.

    `further` has jars beside those that Flink always has.
    """
    java = requirements.find_java() / "bin" / "java"
    shared = _shared(java)
    archive = _archive(shared)
    sharing = [f"-XX:SharedArchiveFile={archive}", _QUIET] if archive.exists() else []
    return [
        *(str(java), *_options(java, temporary), *sharing, *options),
        *("-classpath", ":".join([_classpath(shared), *map(str, further)]), main, *arguments),
    ]


def share_classes() -> Path | None:
    """Make the archive of the classes, unless it is there; None where Java cannot.

    It is for this Java and the Flink of this environment. Raises MiztiikError when the cache cannot
    be written, and BuildError when the job fails.
    """
    java = requirements.find_java() / "bin" / "java"
    if requirements.java_version(str(java)) < _OLDEST_THAT_SHARES:
        return None
    shared = _shared(java)
    archive = _archive(shared)
    with files.writing(shared, files.ELSEWHERE):
        shared.mkdir(parents=True, exist_ok=True)
        if not archive.exists():
            with files.temporary_folder("classes-", shared) as folder:
                _make(archive, java, folder)
            for other in set(shared.glob("classes*.jsa")) - {archive}:
                other.unlink()
    return archive


def _archive(shared: Path) -> Path:
    """The archive of these very jars: Java passes over one whose jars have been installed again."""
    times = [jar.stat().st_mtime_ns for jar in sorted((flink_home() / "lib").glob("*.jar"))]
    return shared / f"classes-{hashlib.sha256(repr(times).encode()).hexdigest()[:16]}.jsa"


def _make(archive: Path, java: Path, folder: Path) -> None:
    _unpack_planner(archive.with_name(_PLANNER))
    (folder / "program.py").write_text(_PROGRAM)
    (folder / "config.yaml").write_text(json.dumps(_settings(folder)))
    done = subprocess.run(
        [
            *(str(java), *_options(java, folder)),
            *(f"-XX:ArchiveClassesAtExit={folder / _ARCHIVE}", _QUIET),
            *("-classpath", _classpath(archive.parent), CLIENT),
            *("run", "--target", "local", "--python", "program.py"),
        ],
        cwd=folder,
        env={**os.environ, **folders(folder, folder), "JAVA_HOME": str(java.parent.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        cause = application_log.of_program(done.stdout.splitlines())
        raise BuildError(f"The classes of Flink could not be shared: {cause}")
    (folder / _ARCHIVE).replace(archive)


def _unpack_planner(target: Path) -> None:
    """Only what is on the class path is shared, and not what a loader takes out of its own jar."""
    loader = next((flink_home() / "lib").glob(f"{_LOADER}*.jar"))
    with files.whole(target) as draft, zipfile.ZipFile(loader) as jar:
        draft.write_bytes(jar.read(_PLANNER))


def _settings(folder: Path) -> dict[str, Any]:
    return {
        "state.backend.type": "rocksdb",
        "execution.checkpointing.incremental": True,
        "execution.checkpointing.interval": "500 ms",
        "execution.checkpointing.dir": whereabouts(folder / "checkpoints"),
        "io.tmp.dirs": str(folder),
        "python.client.executable": sys.executable,
    }


def _options(java: Path, temporary: Path) -> list[str]:
    shipped = yaml.safe_load((flink_home() / "conf" / "config.yaml").read_text())
    # They open the modules that Java 17 closes.
    opened: list[str] = shipped["env"]["java"]["opts"]["all"].split()
    if requirements.java_version(str(java)) in _JAVA_WITHOUT_SECURITY_MANAGER:
        opened.append("-Djava.security.manager=allow")
    return [*opened, *LIGHT, f"-Djava.io.tmpdir={temporary}"]


def _classpath(shared: Path) -> str:
    """As Flink's scripts have it: flink-dist comes last."""
    jars = sorted((flink_home() / "lib").glob("*.jar"), key=lambda jar: ("-dist-" in jar.name, jar))
    planner = shared / _PLANNER
    if planner.exists():
        jars = [planner if jar.name.startswith(_LOADER) else jar for jar in jars]
    return ":".join(map(str, jars))


def _shared(java: Path) -> Path:
    """Where the archive for this Java and this Flink is."""
    release = java.parent.parent / "release"
    version = release.read_bytes() if release.exists() else b""
    key = hashlib.sha256(b"\0".join([version, bytes(java), bytes(flink_home())])).hexdigest()
    return files.cache() / f"flink-{key[:16]}"


if __name__ == "__main__":
    try:
        share_classes()
    except MiztiikError as error:
        print(error, "Flink works without, only slower to start.", sep="\n", file=sys.stderr)
