"""A gateway on the loopback in front of an AWS: it notes every call, and throttles when told to."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

THROTTLED = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>"
    b"<Message>Rate exceeded</Message></Error><RequestId>gateway</RequestId></ErrorResponse>"
)
# What begins an operation of CloudFormation.
BEGINS = ("ExecuteChangeSet", "CreateStack", "UpdateStack")
# What concerns one connection alone.
HOP = ("connection", "transfer-encoding", "content-length", "date", "server")


@dataclass(frozen=True)
class Call:
    """A call of CloudFormation by its action and parameters, any other by method and path."""

    action: str
    parameters: dict[str, str]


@dataclass
class Gateway:
    """What came by, and the faults that are on."""

    target: str
    endpoint: str = ""
    calls: list[Call] = field(default_factory=list)
    # CloudFormation answers nothing else for so many seconds after an operation has begun.
    throttle_seconds: float = 0
    throttled: int = 0
    begun: float | None = None

    def reset(self) -> None:
        self.calls, self.throttle_seconds, self.throttled, self.begun = [], 0, 0, None

    @property
    def is_throttling(self) -> bool:
        return self.begun is not None and time.monotonic() < self.begun + self.throttle_seconds

    def count(self, *actions: str) -> int:
        return sum(call.action in actions for call in self.calls)


@contextlib.contextmanager
def before(endpoint: str) -> Iterator[Gateway]:
    """A gateway before the AWS of that endpoint, for as long as the block runs."""
    gateway = Gateway(endpoint)
    server = _Server(("127.0.0.1", 0), type("Bound", (_Handler,), {"gateway": gateway}))
    gateway.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A tool that was killed leaves its connection; that is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gateway: Gateway

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing on stderr."""

    def _pass_on(self) -> None:
        body = self._body()
        form = dict(parse_qsl(body.decode("latin-1"))) if b"Action=" in body[:65536] else {}
        action = form.get("Action", f"{self.command} {urlsplit(self.path).path}")
        self.gateway.calls.append(Call(action, form))
        if form.get("Version") == "2010-05-15" and self.gateway.is_throttling:
            self.gateway.throttled += 1
            return self._answer(400, {}, THROTTLED)
        target = urlsplit(self.gateway.target)
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=300)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if action in BEGINS and answer.status == 200 and self.gateway.begun is None:
            self.gateway.begun = time.monotonic()
        kept = {key: value for key, value in answer.getheaders() if key.lower() not in HOP}
        return self._answer(answer.status, kept, content, answer.getheader("Content-Length"))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(
        self, status: int, headers: dict[str, str], body: bytes, length: str | None = None
    ) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        is_head = self.command == "HEAD"
        self.send_header("Content-Length", length if is_head and length else str(len(body)))
        self.end_headers()
        if not is_head:
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass_on  # noqa: N815
