"""The command lines of Flink's JVMs: what its own shell scripts run in the end.

The scripts start three JVMs more for each of these, only to read the configuration that we write,
and they break at a space in a path.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from .. import requirements
from .application import Application
from .configuration import RunFolder, flink_home, taskmanager_memory

JOBMANAGER, TASKMANAGER, CLIENT = "jobmanager", "taskmanager", "client"
_CLASSES = {
    JOBMANAGER: "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    TASKMANAGER: "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
    CLIENT: "org.apache.flink.client.cli.CliFrontend",
}
_LOGGING = {JOBMANAGER: "log4j-console", TASKMANAGER: "log4j-console", CLIENT: "log4j-cli"}
# Java 18 and newer have to be asked for the security manager, which 24 no longer has.
_JAVA_WITHOUT_SECURITY_MANAGER = range(18, 24)


def command(
    kind: str, folder: RunFolder, application: Application, arguments: Sequence[str] = ()
) -> list[str]:
    """What runs the application's JobManager, its TaskManager, or the client."""
    if kind != CLIENT:
        arguments = ("--configDir", str(folder.configuration), *arguments)
    java = requirements.find_java() / "bin" / "java"
    options = [*_options(java, folder), *_memory(kind, application), *_logging(kind, folder)]
    return [str(java), *options, "-classpath", _classpath(), _CLASSES[kind], *arguments]


def _options(java: Path, folder: RunFolder) -> list[str]:
    shipped = yaml.safe_load((flink_home() / "conf" / "config.yaml").read_text())
    # They open the modules that Java 17 closes.
    opened: list[str] = shipped["env"]["java"]["opts"]["all"].split()
    if requirements.java_version(str(java)) in _JAVA_WITHOUT_SECURITY_MANAGER:
        opened.append("-Djava.security.manager=allow")
    # Quick to start and small, for JVMs that live for minutes and do little. The performance data
    # would be left in /tmp.
    light = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
    return [*opened, *light, f"-Djava.io.tmpdir={folder.temporary}"]


def _memory(kind: str, application: Application) -> list[str]:
    if kind == JOBMANAGER:
        return ["-Xms448m", "-Xmx448m", "-XX:MaxMetaspaceSize=256m"]
    if kind == CLIENT:
        return []
    memory = taskmanager_memory(application)
    heap = memory["framework.heap.size"] + memory["task.heap.size"]
    direct = memory["framework.off-heap.size"] + memory["network.max"]
    return [
        f"-Xms{heap}m",
        f"-Xmx{heap}m",
        f"-XX:MaxDirectMemorySize={direct}m",
        f"-XX:MaxMetaspaceSize={memory['jvm-metaspace.size']}m",
    ]


def _logging(kind: str, folder: RunFolder) -> list[str]:
    configuration = folder.configuration / f"{_LOGGING[kind]}.properties"
    return [
        f"-Dlog.file={folder.temporary / kind}.log",
        f"-Dlog4j.configurationFile={configuration.as_uri()}",
    ]


def _classpath() -> str:
    """As the scripts have it: flink-dist comes last."""
    jars = sorted((flink_home() / "lib").glob("*.jar"), key=lambda jar: ("-dist-" in jar.name, jar))
    return ":".join(map(str, jars))
