from __future__ import annotations

import contextlib
import threading
import time

import pytest

from miztiik_events.errors import WaitTimeoutError
from miztiik_events.patience import (
    LIVELY,
    LONGEST,
    SHORTEST,
    CancelledError,
    Patience,
    side_by_side,
)


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


class Pauses(threading.Event):
    """An event that never comes, and that does not wait for it: it keeps how long it should."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0)
        return False


def test_the_pauses_grow_to_the_longest_while_nothing_happens() -> None:
    pauses = Pauses()
    looks = Patience(3600, pauses).looks("it")
    assert [next(looks) for _ in range(40)] == list(range(40))
    assert pauses.seconds[0] == SHORTEST
    assert pauses.seconds == sorted(pauses.seconds)
    assert pauses.seconds[-1] == LONGEST


def test_when_something_happens_the_next_look_is_soon() -> None:
    pauses = Pauses()
    looks = Patience(3600, pauses).looks("it")
    next(looks)
    looks.hurry()
    next(looks)
    assert pauses.seconds == [SHORTEST]
    for _ in range(40):
        next(looks)
    looks.hurry()
    next(looks)
    assert pauses.seconds[-1] == LIVELY


def test_there_is_no_pause_after_the_last_look() -> None:
    pauses = Pauses()
    for look in Patience(3600, pauses).looks("it"):
        if look == 2:
            break
    assert len(pauses.seconds) == 2


def test_ctrl_c_does_not_wait_for_what_is_not_answered() -> None:
    answer, asked = threading.Event(), threading.Event()

    def ask() -> None:
        asked.set()
        answer.wait()

    with contextlib.suppress(KeyboardInterrupt), side_by_side(1) as pool:
        asking = pool.submit(ask)
        asked.wait()
        raise KeyboardInterrupt
    assert asking.running()
    answer.set()


def test_an_error_waits_for_what_was_asked_beside_it() -> None:
    with contextlib.suppress(ValueError), side_by_side(1) as pool:
        asking = pool.submit(time.sleep, 0.1)
        raise ValueError
    assert asking.done()
