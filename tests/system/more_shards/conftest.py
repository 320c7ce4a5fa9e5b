"""The project that the stories share; each starts the analytics, unless it runs already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from deployed_pipeline import LAKE, WINDOWS, Pipeline, deployed

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture(scope="package")
def pipeline(local_aws: TestAws) -> Iterator[Pipeline]:
    with deployed(
        local_aws,
        "shards",
        without=[*LAKE, "dashboard", "event-alarms"],
        ShardCount=2,
        BufferIntervalSeconds=1,
        **WINDOWS,
    ) as found:
        yield found
