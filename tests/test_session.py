"""Connecting to AWS: credentials, region, and what clients are made like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.utils import parse_timestamp

import aws_settings
from miztiik_events import session
from miztiik_events.aws_errors import LOCAL_HINT
from miztiik_events.errors import ConfigurationError
from miztiik_events.session import connect


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    aws_settings.have(monkeypatch)


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    aws_settings.have(monkeypatch, **aws_settings.KEYS)


@pytest.fixture
def _profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile shop]\nregion = eu-north-1\n")
    (tmp_path / "credentials").write_text(
        "[shop]\naws_access_key_id = shopkey\naws_secret_access_key = x\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.mark.usefixtures("_keys")
def test_the_region_given_goes_before_every_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    assert connect().region_name == "eu-west-3"
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    assert connect().region_name == "eu-west-2"
    assert connect(region="eu-west-1").region_name == "eu-west-1"


@pytest.mark.usefixtures("_profile")
def test_a_profile_gives_region_and_credentials() -> None:
    session = connect("shop")
    assert session.region_name == "eu-north-1"
    credentials = session.get_credentials()
    assert credentials
    assert credentials.access_key == "shopkey"


@pytest.mark.usefixtures("_profile")
def test_the_profile_may_come_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "shop")
    assert connect().region_name == "eu-north-1"
    assert connect(region="eu-west-1").region_name == "eu-west-1"


@pytest.mark.usefixtures("_keys")
def test_clients_try_five_times_and_give_up_connecting_after_ten_seconds() -> None:
    client: Any = connect(region="eu-west-1").client("sqs")
    assert client.meta.config.retries["mode"] == "standard"
    assert client.meta.config.retries["total_max_attempts"] == 5
    assert client.meta.config.connect_timeout == 10


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-27T13:25:49.250Z", "2026-11-27T13:25:49+01:00", "2026-11-27"),
        *("Fri, 27 Nov 2026 13:25:49 GMT", "1795705170", 1795705170.5),
    ],
)
def test_a_time_is_read_as_botocore_reads_it(text: str | float) -> None:
    assert session._moment(text) == parse_timestamp(text)


@pytest.mark.parametrize("text", ["soon", "soon GMT", None])
def test_what_is_no_time_is_an_error_as_for_botocore(text: str | None) -> None:
    for read in (session._moment, parse_timestamp):
        with pytest.raises(ValueError, match="Invalid timestamp"):
            read(text)


def test_no_region_is_refused_and_none_is_made_up() -> None:
    with pytest.raises(ConfigurationError, match=r"^No region\. Give --region") as refused:
        connect()
    assert LOCAL_HINT in str(refused.value)


def test_no_credentials_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^No AWS credentials\.") as refused:
        connect(region="eu-west-1")
    assert LOCAL_HINT in str(refused.value)


def test_an_unknown_profile_is_refused_by_its_name() -> None:
    with pytest.raises(ConfigurationError, match=r"profile \(nobody\) could not be found"):
        connect("nobody", "eu-west-1")


@pytest.mark.usefixtures("_keys")
def test_a_region_of_any_name_is_taken_beforehand_since_there_may_be_new_ones() -> None:
    assert connect(region="eu-next-9").client("sqs").meta.region_name == "eu-next-9"
