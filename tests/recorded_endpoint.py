"""An endpoint in front of the tests' AWS: passes every byte on, and knows what was asked."""

from __future__ import annotations

import re
import shutil
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# The query protocol names its operation in the body, S3 by method and path.
OPERATION = re.compile(rb"Action=(\w+)&|^((?:PUT|POST|DELETE|HEAD|GET) /[^/\s]\S*) HTTP", re.M)


@dataclass
class Recorded:
    url: str
    conversations: list[bytearray] = field(default_factory=list)

    @property
    def operations(self) -> set[str]:
        """Each operation that was asked for, `DescribeStacks` or `PUT /bucket/key`."""
        found = (OPERATION.findall(bytes(said)) for said in self.conversations)
        return {(named or path).decode() for pairs in found for named, path in pairs}


@contextmanager
def recorded(endpoint: str) -> Iterator[Recorded]:
    """Clients that use its URL in place of the endpoint get the endpoint's answers."""
    target = urlsplit(endpoint)

    class PassOn(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked = bytearray()
            record.conversations.append(asked)
            with socket.create_connection((target.hostname, target.port)) as upstream:
                answers = threading.Thread(target=self._answer, args=(upstream,), daemon=True)
                answers.start()
                while chunk := self.request.recv(65536):
                    asked.extend(chunk)
                    upstream.sendall(chunk)
                upstream.shutdown(socket.SHUT_WR)
                answers.join()

        def _answer(self, upstream: socket.socket) -> None:
            with suppress(OSError), upstream.makefile("rb", buffering=0) as answers:
                shutil.copyfileobj(answers, self.wfile)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), PassOn) as server:
        server.daemon_threads = True
        record = Recorded(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield record
        finally:
            server.shutdown()
