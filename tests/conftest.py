"""What the tests share: one AWS on this machine for all of them, started when first needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from miztiik_events.local import launch
from shared_aws import TestAws


@pytest.fixture(scope="session")
def local_aws() -> Iterator[TestAws]:
    if sys.version_info >= (3, 12):
        pytest.skip("Flink's Python package needs Python 3.9 to 3.11")
    with launch.local_aws() as running:
        yield TestAws(running)
