"""Who may see the page, and what every answer says to the browser."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import boto3
import pytest

from miztiik_events.dashboard import assets
from miztiik_events.dashboard.feed import Feed
from miztiik_events.dashboard.server import Page, listening, server
from miztiik_events.errors import ConfigurationError, MiztiikError
from sold_lines import HOSTILE, line, midday, sold
from waiting import until


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of sales that are there already; nothing looks for more."""
    feed = Feed(boto3.session.Session("test", "test", region_name="eu-west-1"), "shop")
    feed.sales.add(line(sold(name, midday())) for name in HOSTILE)
    with listening(0) as listener:
        page = Page(feed, listener.getsockname()[1])
        running = server(page)
        thread = threading.Thread(target=running.run, args=([listener],))
        thread.start()
        until(lambda: running.started, "the start of the server")
        yield page
        feed.stop()
        running.should_exit = True
        thread.join()


def asked(page: Page, path: str, method: str = "GET", **headers: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", page.port, timeout=30)
    connection.request(method, path, headers={name.title(): text for name, text in headers.items()})
    return connection.getresponse()


@pytest.mark.parametrize("name", ["", assets.PAGE, assets.STYLE, assets.SCRIPT, assets.CHARTS])
def test_the_address_has_the_page_and_its_parts(page: Page, name: str) -> None:
    answer = asked(page, f"/{page.token}/{name}")
    assert (answer.status, answer.read()) == (200, assets.read(name or assets.PAGE).encode())
    assert answer.headers["Content-Type"] == assets.TYPES[name or assets.PAGE]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/page.js",
        "/wrong/",
        "/wrong/events",
        "//",
        "/%00/",
        "/%C3%A9%FF/",
    ],
)
def test_nothing_is_told_without_the_token(page: Page, path: str) -> None:
    answer = asked(page, path)
    assert answer.status == 403
    assert page.token not in answer.read().decode()


def test_the_token_is_long_and_another_each_time(page: Page) -> None:
    other = Page(page.feed, page.port)
    assert len(other.token) >= 43
    assert other.token != page.token


@pytest.mark.parametrize("host", ["shop.example", "127.0.0.1", "127.0.0.1:1", "[::1]:80", "a b"])
def test_another_name_is_refused(page: Page, host: str) -> None:
    assert asked(page, f"/{page.token}/events", host=host).status == 421


@pytest.mark.parametrize("origin", ["https://shop.example", "null", "http://127.0.0.1:1", ""])
def test_what_another_page_asks_for_is_refused(page: Page, origin: str) -> None:
    assert asked(page, f"/{page.token}/events", origin=origin).status == 403


def test_its_own_page_may_ask(page: Page) -> None:
    for host in (f"127.0.0.1:{page.port}", f"localhost:{page.port}"):
        assert asked(page, f"/{page.token}/", host=host, origin=f"http://{host}").status == 200


@pytest.mark.parametrize("path", ["{}/", "{}/page.js", "{}/nothing", "wrong/"])
def test_every_answer_is_for_this_page_alone(page: Page, path: str) -> None:
    headers = asked(page, f"/{path.format(page.token)}").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(page: Page, method: str) -> None:
    assert asked(page, f"/{page.token}/", method).status == 405


def test_what_is_there_comes_at_once(page: Page) -> None:
    answer = asked(page, f"/{page.token}/events?range=day")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    event = answer.readline().decode()
    data = json.loads(event[len("data: ") :])
    assert {row["store"] for row in data["ranking"]} == {*HOSTILE}
    assert data["question"] == {"range": "day", "store": None}


def test_what_changes_comes_by_itself(page: Page) -> None:
    answer = asked(page, f"/{page.token}/events?range=nonsense&store=new")
    first = json.loads(answer.readline()[len("data: ") :])
    assert first["question"] == {"range": "hour", "store": "new"}
    answer.readline()
    page.feed.sales.add([line(sold("new", midday(), 60))])
    page.feed.version += 1
    assert json.loads(answer.readline()[len("data: ") :])["figures"][0]["value"] == "50.00"


def test_it_is_on_this_machine_alone() -> None:
    with listening(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_whoever_has_the_address_early_waits_for_the_server() -> None:
    with (
        listening(0) as listener,
        socket.create_connection(listener.getsockname(), timeout=30),
    ):
        pass


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(MiztiikError, match=f"Port {port} .*in use.*--port"):
            listening(port)


def test_without_the_extra_the_one_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "NEEDED", ("starlette", "no_such_package"))
    with pytest.raises(
        ConfigurationError, match=r"no_such_package\..*pip install '\.\[dashboard\]'"
    ):
        assets.require()


def test_no_file_of_the_page_asks_another_host() -> None:
    for name in (assets.PAGE, assets.STYLE, assets.SCRIPT):
        text = assets.read(name)
        assert "//" not in text.replace("// ", "") or name != assets.PAGE
        assert "http" not in text
        assert "innerHTML" not in text
