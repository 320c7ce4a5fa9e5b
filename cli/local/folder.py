"""The folder where one AWS on this machine keeps its lock, its port, its logs and Flink's state."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ..files import locks

LOCK_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Address:
    """Where the server of a folder listens, always on 127.0.0.1, and its process id."""

    port: int
    pid: int


@dataclass(frozen=True)
class Folder:
    """The paths in a state folder, and the lock that tells whether its server lives.

    The server and its reaper hold the lock while they live; the kernel lets it go with the last
    of them, whatever ended them. So a process id is never taken for the server's only because
    a file names it.
    """

    path: Path

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    @property
    def temporary(self) -> Path:
        return self.path / "tmp"

    @property
    def flink(self) -> Path:
        return self.path / "flink"

    @property
    def _address(self) -> Path:
        return self.path / "address.json"

    @property
    def _draft(self) -> Path:
        return self._address.with_suffix(".draft")

    def create(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.temporary.mkdir(exist_ok=True)
        self.flink.mkdir(exist_ok=True)

    def clear(self) -> None:
        """Remove what an earlier server left, all but the lock; to be called with the lock."""
        for folder in (self.temporary, self.flink):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self._address, self._draft, self.log):
            file.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder, unless a server lives in it or is about to."""
        descriptor = self.take_lock() if self.path.exists() else None
        if descriptor is None:
            return
        self.clear()
        # The lock goes last: until then nobody else begins anything here.
        self.lock.unlink()
        with contextlib.suppress(OSError):
            self.path.rmdir()
        os.close(descriptor)

    def take_lock(self) -> int | None:
        """The descriptor that holds the lock, or None when another process holds it."""
        while True:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(FileNotFoundError):
                descriptor = os.open(self.lock, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
                if not locks(descriptor):
                    os.close(descriptor)
                    return None
                # Who had it may have removed the file: then this lock keeps nobody out.
                if os.fstat(descriptor).st_nlink:
                    return descriptor
                os.close(descriptor)

    def is_locked(self) -> bool:
        try:
            descriptor = os.open(self.lock, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        is_free = locks(descriptor)
        os.close(descriptor)
        return not is_free

    def wait_for_end_of(self, address: Address, seconds: float) -> bool:
        """Whether that server and its reaper were gone before the time was up.

        Another may have the folder by then: it removes the address first of all.
        """
        deadline = time.monotonic() + seconds
        while self.is_locked() and self.read_address() == address:
            if time.monotonic() > deadline:
                return False
            time.sleep(LOCK_POLL_SECONDS)
        return True

    def write_address(self, address: Address) -> None:
        self._draft.write_text(json.dumps(asdict(address)))
        self._draft.replace(self._address)

    def read_address(self) -> Address | None:
        try:
            values = json.loads(self._address.read_text())
            return Address(port=int(values["port"]), pid=int(values["pid"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def last_log_lines(self, count: int = 5) -> list[str]:
        try:
            return self.log.read_text(errors="replace").splitlines()[-count:]
        except OSError:
            return []
