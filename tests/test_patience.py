from __future__ import annotations

import contextlib
import threading
import time

import pytest

from miztiik_events.errors import WaitTimeoutError
from miztiik_events.patience import CancelledError, Patience


def test_the_first_look_comes_at_once() -> None:
    assert next(Patience(60).looks("it")) == 0


def test_the_end_of_the_time_says_that_aws_goes_on() -> None:
    with pytest.raises(WaitTimeoutError, match=r"^it is not done after 0.3 s; AWS goes on") as over:
        list(Patience(0.3).looks("it"))
    assert over.value.exit_code == 124


def test_a_last_look_comes_at_the_very_end() -> None:
    patience, looks = Patience(0.3), []
    started = time.monotonic()
    with contextlib.suppress(WaitTimeoutError):
        for _ in patience.looks("it"):
            looks.append(time.monotonic() - started)
    assert looks[-1] >= 0.3


def test_a_cancelled_wait_ends_at_once() -> None:
    cancelled = threading.Event()
    looks = Patience(600, cancelled).looks("it")
    next(looks)
    threading.Timer(0.05, cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(CancelledError):
        list(looks)
    assert time.monotonic() - started < 5
