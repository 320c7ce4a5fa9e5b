"""The project that the stories share; each is told when the first test of it asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import pipeline_story
from deployed_pipeline import WINDOWS, Pipeline, deployed
from pipeline_story import SHARDS, Story

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture(scope="package")
def pipeline(local_aws: TestAws) -> Iterator[Pipeline]:
    with deployed(
        local_aws, "pipeline", ShardCount=SHARDS, BufferIntervalSeconds=1, **WINDOWS
    ) as found:
        yield found


@pytest.fixture(scope="package")
def story(pipeline: Pipeline) -> Story:
    return pipeline_story.tell(pipeline)
