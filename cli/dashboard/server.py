"""The page's server: on this machine alone, for whoever knows the address.

Other users of the machine can reach its ports, and so can every page in the browser. So the
address holds a token, which everything below it needs; it is in no cookie, since those of 127.0.0.1
go to the servers on all of its ports. A name that somebody has led here (DNS rebinding) is refused
by the header Host, and what another page asks for by the header Origin.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from ..errors import MiztiikError
from ..text import as_json
from . import assets
from .view import RANGES, Question

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .feed import Feed

ADDRESS = "127.0.0.1"
LOOK_SECONDS, BEAT_SECONDS = 0.25, 15.0
# The hash is that of nothing: Plotly makes a style element that is empty, and fills it by rules.
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' {EMPTY_STYLE}",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Page:
    """Where the page is: `port` is the one that was listened on, `token` what the address holds."""

    feed: Feed
    port: int
    token: str = field(default_factory=partial(secrets.token_urlsafe, 32), repr=False)

    @property
    def address(self) -> str:
        return f"http://{ADDRESS}:{self.port}/{self.token}/"

    @property
    def app(self) -> ASGIApp:
        """What answers, as ASGI."""
        routes = [Route(f"/{{token}}/{name}", _asset, name=name) for name in assets.TYPES]
        routes += [
            Route("/{token}/", _asset, name=assets.PAGE),
            Route("/{token}/events", self._events),
        ]
        return _Guard(Starlette(routes=routes), self)

    async def _events(self, request: Request) -> Response:
        asked, store = request.query_params.get("range"), request.query_params.get("store")
        question = Question(asked if asked in RANGES else "hour", store or None)
        return StreamingResponse(self._stream(question), media_type="text/event-stream")

    async def _stream(self, question: Question) -> AsyncIterator[str]:
        """An event whenever something has changed, and a sign of life now and then."""
        version, beat = -1, 0.0
        while not self.feed.is_stopped:
            if version != self.feed.version:
                version = self.feed.version
                answer = await run_in_threadpool(self.feed.answer, question)
                yield f"data: {as_json(answer)}\n\n"
            elif beat >= BEAT_SECONDS:
                beat = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_SECONDS)
            beat += LOOK_SECONDS


@dataclass(frozen=True)
class _Guard:
    """Lets through who asks for this address, by its token; gives every answer its headers."""

    app: ASGIApp
    page: Page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *own]}
            await send(message)

        app = self._refusal(Request(scope)) or self.app
        await app(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        hosts = {f"{name}:{self.page.port}" for name in (ADDRESS, "localhost")}
        origin = request.headers.get("origin")
        if request.headers.get("host") not in hosts:
            return PlainTextResponse("Not at this name.\n", 421)
        if origin is not None and origin not in {f"http://{host}" for host in hosts}:
            return PlainTextResponse("Not for another page.\n", 403)
        token = request.scope["path"].split("/")[1]
        if not hmac.compare_digest(token.encode(), self.page.token.encode()):
            return PlainTextResponse(
                "Not without its address, which miztiik-events dashboard has printed.\n", 403
            )
        return None


@cache
def _body(name: str) -> bytes:
    return assets.read(name).encode()


async def _asset(request: Request) -> Response:
    name = request.scope["path"].split("/")[2] or assets.PAGE
    return Response(_body(name), media_type=assets.TYPES[name])


def listening(port: int) -> socket.socket:
    """A socket of this machine on that port, 0 for any that is free; raises when it is taken.

    Whoever connects from now on waits until the server is there, and is not refused.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise MiztiikError(
            f"Port {port} of this machine: {error.strerror}. Next: another one with --port, or "
            "--port 0 for any that is free"
        ) from error
    return listener


def server(page: Page) -> uvicorn.Server:
    """What serves the page, by `run`, until Ctrl-C; pages that are open do not hold up its end."""
    return uvicorn.Server(
        uvicorn.Config(
            page.app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )


@dataclass(frozen=True)
class Serving:
    """A server, and the socket that it is to listen on."""

    server: uvicorn.Server
    listener: socket.socket

    def run(self) -> None:
        """Serve until Ctrl-C, or until `stop`."""
        self.server.run(sockets=[self.listener])

    def stop(self) -> None:
        self.server.should_exit = True


@contextlib.contextmanager
def opened(feed: Feed, port: int) -> Iterator[tuple[str, Serving]]:
    """The page's address, and what serves it; the feed looks for as long as the block runs."""
    with listening(port) as listener:
        feed.start()
        page = Page(feed, listener.getsockname()[1])
        try:
            yield page.address, Serving(server(page), listener)
        finally:
            feed.stop()


@contextlib.contextmanager
def in_background(feed: Feed, port: int = 0) -> Iterator[str]:
    """Serve the page in a thread for as long as the block runs; its address."""
    with opened(feed, port) as (address, serving):
        thread = threading.Thread(target=serving.run, daemon=True)
        thread.start()
        try:
            yield address
        finally:
            # The pages that are open end with the feed.
            feed.stop()
            serving.stop()
            thread.join()
