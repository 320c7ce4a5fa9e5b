"""What the last audit said, kept for the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from miztiik_events.audit import verdict
from miztiik_events.audit.verdict import Verdict


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_the_last_verdict_of_a_data_store_is_kept() -> None:
    assert verdict.last("store") is None
    for said in (Verdict.now(140, 3), Verdict.now(141, 0)):
        verdict.keep("store", said)
        assert verdict.last("store") == said
    assert verdict.last("other") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"moment": 1}', '{"moment": "yesterday"}'])
def test_one_that_cannot_be_read_is_none(cache: Path, text: str) -> None:
    verdict.keep("store", Verdict.now(1, 0))
    (path,) = cache.glob("miztiik-events/verdicts/*")
    path.write_text(text)
    assert verdict.last("store") is None


def test_without_a_place_for_it_nothing_fails(cache: Path) -> None:
    (cache / "miztiik-events").touch()
    verdict.keep("store", Verdict.now(1, 0))
    assert verdict.last("store") is None
