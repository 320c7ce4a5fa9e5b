"""A service that MiniStack has not is known by its name before any model is read."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.aws


def test_what_is_listed_needs_no_model_and_the_rest_is_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ministack.core import router

    from miztiik_events.local.gaps import service_names

    asked: list[str] = []
    monkeypatch.setattr(router, "_is_aws_service_name", asked.append)
    service_names.fill()
    assert router._is_aws_service_name("servicequotas")
    assert router._is_aws_service_name("pricing")
    assert asked == []
    assert not router._is_aws_service_name("sms-voice.pinpoint")
    assert asked == ["sms-voice.pinpoint"]
