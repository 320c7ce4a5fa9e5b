"""What the tests share: one AWS on this machine for all of them, started when first needed."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

import past_aws
import shared_models  # noqa: F401  (whose import it is that shares them)
from miztiik_events import text
from miztiik_events.destroy import buckets
from miztiik_events.local import launch, requirements
from shared_aws import TestAws

# A shell starts its background jobs with Ctrl-C ignored, and what is ignored stays so in children,
# who are sent it here. What is handled does not; and we ignore it as before.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)

FOLDER = Path(__file__).parent

# What is collected of tests stays to the end: a fifth of the time was spent on looking at it again.
gc.disable()

# Nothing is drawn where this is set, and some of what is tested is a drawing.
os.environ.pop("CI", None)

# So are the settings of the shell that they are run in, as after `eval "$(... local start)"`.
for name in [*os.environ]:
    if name.startswith(("AWS_", "MIZTIIK_EVENTS_")) and name != "MIZTIIK_EVENTS_EXAMPLES":
        del os.environ[name]

# How long an example takes says something about the machine, not about what is tested.
settings.register_profile("anywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("anywhere")


# What the extra `local` installs, and nothing else does.
LOCAL = ("apache_beam", "ministack", "py4j", "pyflink")


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "only what needs neither the extra `local` nor tools, which cannot be imported then"
    parser.addoption("--light", action="store_true", help=text)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("light"):
        config.option.markexpr = "not aws and not tools"
        # Also where it is there: what passes here passes without it.
        sys.modules.update(dict.fromkeys(LOCAL))  # type: ignore[arg-type]


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


@pytest.fixture(scope="module")
def no_collection() -> Iterator[None]:
    """Nothing is collected at the limit of recursion, where no finalizer could be called."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def no_project_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a project's file made of its name, in a command run here, ends with the test."""
    monkeypatch.setattr(text, "_CALLED", {"miztiik-events": "", "": ""})


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestAws]:
    """Below a folder whose name has a space, as many a person's folders have."""
    if not requirements.has_python():
        pytest.skip(f"MiniStack and Flink need {requirements.PYTHONS}")
    folder = tmp_path_factory.mktemp("aws")
    with launch.local_aws(folder / "a place") as running:
        yield TestAws(running)
    names = [path.name for path in folder.iterdir()]
    shutil.rmtree(folder)
    # One more is that of whoever writes the space otherwise, as in an address.
    assert names == ["a place"]


@pytest.fixture
def bucket(local_aws: TestAws) -> Iterator[str]:
    """A bucket of the test's own, which goes with all that is in it."""
    s3, name = local_aws.client("s3"), f"store-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    yield name
    buckets.empty(s3, name)
    s3.delete_bucket(Bucket=name)


@pytest.fixture(scope="session")
def past() -> Iterator[TestAws]:
    """Another AWS, whose stream takes the time of arrival from the record: past_aws.py."""
    if not requirements.has_python():
        pytest.skip(f"MiniStack and Flink need {requirements.PYTHONS}")
    with launch.local_aws(server=past_aws.SERVER) as running:
        yield TestAws(running)


class Scheduling(LoadFileScheduling):
    """A file goes to one worker; so do the files of a folder in system/, which share a project."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(super()._split_scope(nodeid))
        return str(file.parent if file.parent.parent.name == "system" else file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses an AWS on this machine, however indirectly; have what takes long start first.

    That is whole flows, then what may have to install a tool, then the files that are in no folder,
    whose commands wait for an AWS that does not answer, then what tries many cases by itself.
    """
    for item in items:
        if {"local_aws", "past"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("aws")
    items.sort(
        key=lambda item: [
            *(not item.get_closest_marker(name) for name in ("scenario", "tools")),
            item.path.parent != FOLDER,
            not {"system", "simulation"} & {*item.path.parts},
        ]
    )
