"""What the tests share: one AWS on this machine for all of them, started when first needed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import pytest

from miztiik_events.local import launch, variables

# A shell starts its background jobs with Ctrl-C ignored, and what is ignored stays so in children,
# who are sent it here. What is handled does not; and we ignore it as before.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, lambda *_: None)


@dataclass(frozen=True)
class TestAws:
    """The AWS that the tests share. Its clients have their settings from here alone."""

    __test__ = False

    running: launch.LocalAws

    @property
    def endpoint(self) -> str:
        return self.running.endpoint

    @property
    def environment(self) -> dict[str, str]:
        return self.running.environment

    def client(self, service: str, **overrides: Any) -> Any:
        """A boto3 client of the service; `overrides` go to boto3 as they are."""
        return _client(service, self.endpoint, tuple(sorted(overrides.items())))

    def session(self) -> boto3.session.Session:
        return boto3.session.Session(
            variables.ACCESS_KEY, variables.SECRET_KEY, region_name=variables.REGION
        )


@cache
def _client(service: str, endpoint: str, overrides: tuple[tuple[str, Any], ...]) -> Any:
    settings: dict[str, Any] = {
        "endpoint_url": endpoint,
        "region_name": variables.REGION,
        "aws_access_key_id": variables.ACCESS_KEY,
        "aws_secret_access_key": variables.SECRET_KEY,
        **dict(overrides),
    }
    make: Any = boto3.client
    return make(service, **settings)


@pytest.fixture(scope="session")
def local_aws() -> Iterator[TestAws]:
    if sys.version_info >= (3, 12):
        pytest.skip("Flink's Python package needs Python 3.9 to 3.11")
    with launch.local_aws() as running:
        yield TestAws(running)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses `local_aws`, however indirectly, and have whole flows start first."""
    for item in items:
        if "local_aws" in getattr(item, "fixturenames", ()):
            item.add_marker("aws")
    items.sort(key=lambda item: item.get_closest_marker("scenario") is None)
