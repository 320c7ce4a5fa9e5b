"""The command lines of Flink's JVMs: what its own shell scripts run in the end.

The scripts start three JVMs more for each of these, only to read the configuration that we write,
and they break at a space in a path.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import jvm
from .application import Application
from .configuration import LOGGING, RunFolder, taskmanager_memory

JOBMANAGER, TASKMANAGER = "jobmanager", "taskmanager"
# As Managed Flink, each application has a cluster, whose JobManager runs its program as well.
_CLASSES = {
    JOBMANAGER: "org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint",
    TASKMANAGER: "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
}


def command(
    kind: str, folder: RunFolder, application: Application, arguments: Sequence[str] = ()
) -> list[str]:
    """What runs the application's JobManager or its TaskManager."""
    arguments = ("--configDir", str(folder.configuration), *arguments)
    options = [*_memory(kind, application), *_logging(kind, folder)]
    further = [jvm.python_jar()] if kind == JOBMANAGER else []
    return jvm.command(_CLASSES[kind], folder.temporary, options, arguments, further)


def _memory(kind: str, application: Application) -> list[str]:
    if kind == JOBMANAGER:
        return ["-Xms448m", "-Xmx448m", "-XX:MaxMetaspaceSize=256m"]
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
    configuration = folder.configuration / LOGGING
    return [
        f"-Dlog.file={folder.temporary / kind}.log",
        f"-Dlog4j.configurationFile={configuration.as_uri()}",
    ]
