from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from miztiik_events.cloudformation import graph
from miztiik_events.cloudformation.graph import Job
from miztiik_events.cloudformation.progress import Listener, Note, ignore


def job(work: Callable[[], object], *parents: str) -> Job:
    return Job(lambda listener: (work(), None)[1], frozenset(parents))


def fail() -> None:
    raise ValueError("broken")


def test_a_job_runs_after_its_parents() -> None:
    order: list[str] = []
    jobs = {
        "c": job(lambda: order.append("c"), "b"),
        "b": job(lambda: order.append("b"), "a"),
        "a": job(lambda: order.append("a")),
    }
    endings = graph.run(jobs, ignore, 4, threading.Event())
    assert order == list(endings) == ["a", "b", "c"]


def test_a_job_does_not_wait_for_others_than_its_parents() -> None:
    """By levels, the slow one would keep `child` waiting for ever."""
    child_is_done = threading.Event()
    jobs = {
        "slow": job(lambda: child_is_done.wait(30) or fail()),
        "quick": job(lambda: None),
        "child": job(child_is_done.set, "quick"),
    }
    assert all(e.is_success for e in graph.run(jobs, ignore, 2, threading.Event()).values())


def test_what_depends_on_a_failure_is_skipped_and_the_rest_goes_on() -> None:
    done: list[str] = []
    jobs = {
        "bad": job(fail),
        "child": job(lambda: done.append("child"), "bad"),
        "grandchild": job(lambda: done.append("grandchild"), "child"),
        "other": job(lambda: done.append("other")),
        "after": job(lambda: done.append("after"), "other"),
    }
    endings = graph.run(jobs, ignore, 2, threading.Event())
    assert done == ["other", "after"]
    assert str(endings["bad"].error) == "broken"
    assert endings["child"].blocked_by == "bad"
    assert endings["grandchild"].blocked_by == "bad"


def test_no_more_jobs_than_allowed_run_at_once() -> None:
    running: list[int] = []
    most: list[int] = []
    barrier = threading.Barrier(2, timeout=30)

    def work() -> None:
        running.append(1)
        most.append(len(running))
        barrier.wait()
        running.pop()
        barrier.wait()

    jobs = {str(number): job(work) for number in range(4)}
    endings = graph.run(jobs, ignore, 2, threading.Event())
    assert all(ending.is_success for ending in endings.values())
    assert max(most) == 2


def test_the_listener_hears_in_the_callers_thread_what_jobs_say_in_order() -> None:
    heard: list[tuple[str, threading.Thread]] = []

    def talk(listener: Listener) -> None:
        for word in ("one", "two", "three"):
            listener(Note("job", word))

    def listener(event: object) -> None:
        assert isinstance(event, Note)
        heard.append((event.text, threading.current_thread()))

    graph.run({"talk": Job(talk)}, listener, 1, threading.Event())
    assert heard == [(word, threading.main_thread()) for word in ("one", "two", "three")]


def test_ctrl_c_tells_the_jobs_to_stop_and_starts_no_more() -> None:
    cancelled = threading.Event()
    started: list[str] = []

    def wait(listener: Listener) -> None:
        listener(Note("wait", "begun"))
        assert cancelled.wait(30)

    def interrupt(event: object) -> None:
        raise KeyboardInterrupt

    jobs = {"wait": Job(wait), "next": job(lambda: started.append("next"), "wait")}
    with pytest.raises(KeyboardInterrupt):
        graph.run(jobs, interrupt, 2, cancelled)
    assert cancelled.is_set()
    assert started == []


def test_after_ctrl_c_the_listener_has_heard_what_the_jobs_began() -> None:
    cancelled, heard = threading.Event(), list[str]()

    def begin(listener: Listener) -> None:
        listener(Note("job", "one"))
        assert cancelled.wait(30)
        listener(Note("job", "two"))

    def interrupt(event: object) -> None:
        assert isinstance(event, Note)
        heard.append(event.text)
        if event.text == "one":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        graph.run({"begin": Job(begin)}, interrupt, 1, cancelled)
    assert heard == ["one", "two"]
