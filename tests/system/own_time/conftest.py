"""The project that the stories share; its analytics runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from analysed_project import AnalysedProject

if TYPE_CHECKING:
    from shared_aws import TestAws


@pytest.fixture(scope="package")
def project(past: TestAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnalysedProject]:
    project = AnalysedProject(past, "own-time")
    project.deploy(tmp_path_factory.mktemp("templates"))
    yield project
    project.run("destroy", "--yes")
