"""The files and the environment that one Flink cluster is started with."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import requirements, role_session
from . import jvm, log
from .application import Application

# What a KPU has of memory outside of the JVM, which is where RocksDB keeps state: 1 GB of its 4
# (docs.aws.amazon.com/managed-flink/latest/java/how-resources.html).
KPU_NATIVE_MEMORY_MB = 1024
LOGGING = "log4j-console.properties"


@dataclass(frozen=True)
class RunFolder:
    """Where one run of an application has its code, configuration, checkpoints and process ids."""

    path: Path

    @property
    def code(self) -> Path:
        return self.path / "code"

    @property
    def configuration(self) -> Path:
        return self.path / "conf"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def libraries(self) -> Path:
        """Whose name is Flink's, beside what it calls its home's lib: what only this job needs."""
        return self.path / "usrlib"

    @property
    def optional(self) -> Path:
        """What Flink calls opt, with the one jar out of it that a program in Python needs."""
        return self.path / "opt"

    @property
    def process_ids(self) -> Path:
        return self.path / "pids"

    @property
    def temporary(self) -> Path:
        return self.path / "tmp"

    @property
    def properties(self) -> Path:
        return self.path / "application_properties.json"

    @property
    def no_profiles(self) -> Path:
        """An empty file: the SDK for Java warns, with a stack trace, that /dev/null is none."""
        return self.path / "no_profiles"

    def create(self) -> None:
        for name in ("code", "conf", "usrlib", "opt", "pids", "tmp"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        jar = jvm.python_jar()
        (self.optional / jar.name).symlink_to(jar)
        self.no_profiles.touch()

    def latest_checkpoint(self) -> str | None:
        """The newest completed checkpoint; one is complete when its _metadata is there."""
        complete = list(self.checkpoints.glob("*/chk-*/_metadata"))
        if not complete:
            return None
        return str(max(complete, key=lambda path: path.stat().st_mtime_ns).parent)


@dataclass(frozen=True)
class Ports:
    """Where a cluster's JobManager listens."""

    rest: int
    rpc: int


def taskmanager_memory(application: Application) -> dict[str, int]:
    """How a TaskManager divides its memory, in MB, by the names of Flink's settings.

    A slot has as much managed memory as on AWS, where ParallelismPerKPU of them share a KPU;
    RocksDB takes it only when there is state to fill it. The heap is far smaller than AWS's 3 GB a
    KPU, since no state is on it. The rest is what Flink's scripts make of 1000 MB and 200 more a
    slot.
    """
    slots = application.parallelism
    network = 55 + 20 * slots
    return {
        "framework.heap.size": 128,
        "framework.off-heap.size": 128,
        "task.heap.size": 20 + 100 * slots,
        "task.off-heap.size": 0,
        "managed.size": slots * KPU_NATIVE_MEMORY_MB // application.parallelism_per_kpu,
        "network.min": network,
        "network.max": network,
        "jvm-metaspace.size": 256,
        "jvm-overhead.min": 192,
        "jvm-overhead.max": 192,
    }


def free_ports() -> Ports:
    with (
        socket.create_server(("127.0.0.1", 0)) as first,
        socket.create_server(("127.0.0.1", 0)) as second,
    ):
        return Ports(first.getsockname()[1], second.getsockname()[1])


def write(application: Application, folder: RunFolder, ports: Ports) -> None:
    """Write the cluster's configuration into the run's folder."""
    settings = {
        **_network(ports),
        **_resources(application),
        **_state(application, folder),
        **_programs(folder),
    }
    # JSON is YAML as well.
    path = folder.configuration / "config.yaml"
    path.write_text(json.dumps(settings, indent=2))
    logging = log.log4j_properties(application.log_level)
    (folder.configuration / LOGGING).write_text(logging)


def _network(ports: Ports) -> dict[str, Any]:
    return {
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": ports.rest,
        "web.submit.enable": False,
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": ports.rpc,
        "jobmanager.bind-host": "127.0.0.1",
        "taskmanager.host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
        # On one machine a dead process is seen at once, a slow one is not dead.
        "heartbeat.interval": 3000,
        "heartbeat.timeout": 30_000,
    }


def _resources(application: Application) -> dict[str, Any]:
    slots = application.parallelism
    memory = taskmanager_memory(application)
    return {
        "parallelism.default": slots,
        "taskmanager.numberOfTaskSlots": slots,
        "taskmanager.cpu.cores": float(slots),
        **{f"taskmanager.memory.{name}": f"{size}m" for name, size in memory.items()},
    }


def _state(application: Application, folder: RunFolder) -> dict[str, Any]:
    settings: dict[str, Any] = {
        # As Managed Flink, whose state is in RocksDB and whose checkpoints hold what has changed.
        "state.backend.type": "rocksdb",
        "execution.checkpointing.incremental": True,
        "execution.checkpointing.dir": jvm.whereabouts(folder.checkpoints),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        # As Managed Flink: a failed job starts again for ever.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "10 s",
    }
    if application.checkpoint_interval_ms:
        settings["execution.checkpointing.interval"] = f"{application.checkpoint_interval_ms} ms"
        settings["execution.checkpointing.min-pause"] = f"{application.checkpoint_pause_ms} ms"
    return settings


def _programs(folder: RunFolder) -> dict[str, Any]:
    return {
        "io.tmp.dirs": str(folder.temporary),
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        # It is asked how its job ended, and where the savepoint is.
        "execution.shutdown-on-application-finish": False,
    }


def environment(
    application: Application, folder: RunFolder, server: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The environment of JobManager and TaskManager: they act as the application's role."""
    java = requirements.find_java()
    programs = [str(Path(sys.executable).parent), str(java / "bin"), server.get("PATH", "")]
    return {
        **server,
        **role_session.credentials(application.role, application.name[:64]),
        "AWS_CONFIG_FILE": str(folder.no_profiles),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder.no_profiles),
        "AWS_REGION": application.region,
        "AWS_DEFAULT_REGION": application.region,
        "APPLICATION_PROPERTIES_FILE": str(folder.properties),
        "JAVA_HOME": str(java),
        "PATH": os.pathsep.join(programs),
        **jvm.folders(folder.configuration, folder.temporary),
        "FLINK_LIB_DIR": str(folder.libraries.with_name("lib")),
        "FLINK_OPT_DIR": _optional(folder),
    }


def _optional(folder: RunFolder) -> str:
    """FLINK_OPT_DIR, of which nothing is written otherwise in an address, as a space would be.

    Flink takes the path in the address of the jar there for the path of the file
    (FromJarEntryClassInformationProvider, in 1.20). The code is where its processes are at work.
    """
    here = Path("/proc/self/cwd")
    return str(here / ".." / folder.optional.name if here.exists() else folder.optional)
