"""Connecting to AWS, and what becomes of botocore's errors."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore import exceptions
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError
from botocore.utils import parse_timestamp

import command_line
from miztiik_events import session
from miztiik_events.errors import ConfigurationError, MiztiikError
from miztiik_events.session import LOCAL_HINT, connect, is_unanswered, no_credentials, translate
from stubs import Refusal, stubbed

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in command_line.NO_SETTINGS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


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
def test_an_endpoint_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:4566")
    with pytest.raises(ValueError, match="Invalid endpoint") as raised:
        connect(region="eu-west-1").client("sts")
    translated = translate(raised.value)
    assert translated.exit_code == 5
    assert "Invalid endpoint: localhost:4566. Set AWS_ENDPOINT_URL" in str(translated)


def failed_call(code: str, message: str = "because\n  of this") -> ClientError:
    refusal = Refusal("describe_stacks", code, message)
    with stubbed("cloudformation", refusal) as client, pytest.raises(ClientError) as failed:
        client.describe_stacks(StackName="a")
    return failed.value


@pytest.mark.parametrize(
    "code",
    [
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "AuthFailure",
    ],
)
def test_credentials_that_aws_refuses_are_a_matter_of_configuration(code: str) -> None:
    translated = translate(failed_call(code))
    assert isinstance(translated, ConfigurationError)
    assert f"(DescribeStacks: {code}: because of this)" in str(translated)
    assert "--profile" in str(translated)


@pytest.mark.parametrize("code", ["AccessDenied", "ValidationError", "Throttling"])
def test_another_refusal_is_told_in_one_line(code: str) -> None:
    translated = translate(failed_call(code))
    assert translated.exit_code == 1
    assert str(translated) == f"DescribeStacks was refused: {code}: because of this"


def test_an_endpoint_that_nobody_answers_is_named() -> None:
    proxy = Config(proxies={"http": NOWHERE}, retries={"total_max_attempts": 1})
    for config in (Config(retries={"total_max_attempts": 1}), proxy):
        client: Any = connect_to(NOWHERE, config)
        with pytest.raises(BotoCoreError) as failed:
            client.list_queues()
        translated = translate(failed.value)
        assert translated.exit_code == 5, failed.value
        assert "127.0.0.1:1" in str(translated)
        assert LOCAL_HINT in str(translated)


@pytest.mark.parametrize(
    ("host", "region", "guess"),
    [
        ("sqs.eu-wset-1.amazonaws.com", "eu-wset-1", " Did you mean eu-west-1?"),
        ("sqs.cn-nroth-1.amazonaws.com.cn", "cn-nroth-1", " Did you mean cn-north-1?"),
        ("bucket.s3.euwest1.amazonaws.com", "euwest1", " Did you mean eu-west-1?"),
        ("sqs.frankfurt.api.aws", "frankfurt", ""),
    ],
)
def test_a_region_that_botocore_does_not_know_is_named_when_it_is_out_of_reach(
    host: str, region: str, guess: str
) -> None:
    place = f"in the list of botocore {botocore.__version__}."
    assert out_of_reach(host).startswith(f"There is no region {region} {place}{guess} Could not")


@pytest.mark.parametrize(
    "host",
    [
        "sqs.us-gov-west-1.amazonaws.com",
        "iam.amazonaws.com",
        "bucket.s3.amazonaws.com",
        "bucket.s3-accelerate.amazonaws.com",
        "sqs.eu-wset-1.example.com",
    ],
)
def test_what_is_out_of_reach_may_have_a_region_that_is_right_or_none(host: str) -> None:
    assert out_of_reach(host).startswith(f"Could not reach https://{host}/ ")


def out_of_reach(host: str) -> str:
    failed = EndpointConnectionError(endpoint_url=f"https://{host}/", error="no such host")
    translated = translate(failed)
    assert translated.exit_code == 5
    return str(translated)


@pytest.mark.usefixtures("_keys")
def test_a_region_of_any_name_is_taken_beforehand_since_there_may_be_new_ones() -> None:
    assert connect(region="eu-next-9").client("sqs").meta.region_name == "eu-next-9"


def connect_to(endpoint: str, config: Config) -> Any:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in KEYS.items():
            monkeypatch.setenv(name, value)
        return connect(region="eu-west-1").client("sqs", endpoint_url=endpoint, config=config)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (exceptions.ConnectTimeoutError(endpoint_url=NOWHERE), f"Could not reach {NOWHERE}"),
        (exceptions.SSLError(endpoint_url=NOWHERE, error="expired"), NOWHERE),
        (exceptions.ProfileNotFound(profile="nobody"), "aws configure list-profiles"),
        (exceptions.InvalidRegionError(region_name="eu west"), "--region"),
        (exceptions.NoRegionError(), "--region"),
        (exceptions.NoCredentialsError(), "aws configure"),
        (exceptions.PartialCredentialsError(provider="env", cred_var="SECRET"), "aws configure"),
        (exceptions.UnauthorizedSSOTokenError(), "aws sso login"),
        (exceptions.SSOTokenLoadError(error_msg="none"), "aws sso login"),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="expired"), "aws sso login"),
        (exceptions.CredentialRetrievalError(provider="process", error_msg="ended"), "process"),
        (exceptions.ConfigParseError(path="/etc/config"), "/etc/config"),
        (exceptions.InvalidConfigError(error_msg="source_profile is missing"), "source_profile"),
        (
            exceptions.InvalidSTSRegionalEndpointsConfigError(sts_regional_endpoints_config="x"),
            "file or variable",
        ),
        (exceptions.InvalidDefaultsMode(mode="x", valid_modes="legacy"), "file or variable"),
        (
            exceptions.InvalidChecksumConfigError(
                config_key="a", valid_options="", config_value="c"
            ),
            "file or variable",
        ),
        (exceptions.SSLError(endpoint_url="x", error="self-signed certificate"), "AWS_CA_BUNDLE"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_a_person_has_to_configure_ends_with_5_and_advice(
    error: BotoCoreError, advice: str
) -> None:
    translated = translate(error)
    assert translated.exit_code == 5
    assert advice in str(translated)
    assert "\n" not in str(translated)


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"])
@pytest.mark.usefixtures("_keys")
def test_credentials_that_no_request_can_have_are_not_told(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "a secret\nof two lines")
    with http_server() as address:
        client = connect(region="eu-west-1").client(
            "sqs", endpoint_url=address, config=Config(retries={"total_max_attempts": 1})
        )
        with pytest.raises(BotoCoreError) as failed:
            client.list_queues()
    translated = translate(failed.value)
    assert translated.exit_code == 5
    assert "line break" in str(translated)
    assert "secret\\n" not in str(translated)
    # To ask again would not help.
    assert not is_unanswered(failed.value)


@contextlib.contextmanager
def http_server() -> Iterator[str]:
    """An address on which somebody listens, who has nothing to say."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_cached_login_that_is_none_is_told_for_what_it_is() -> None:
    assert "what is kept of them ('ab12') cannot be read" in str(no_credentials(KeyError("ab12")))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            """credential_process = echo '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b",
             "SessionToken": "c", "Expiration": "2020-01-01T00:00:00Z"}'""",
            "the refreshed credentials are still expired. Log in again",
        ),
        (
            "role_arn = arn:aws:iam::111122223333:role/r\nweb_identity_token_file = /nowhere/token",
            "No such file or directory: '/nowhere/token'. Log in again",
        ),
    ],
)
def test_what_credentials_come_to_only_when_they_are_used_is_a_matter_of_configuration_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: str, reason: str
) -> None:
    (tmp_path / "config").write_text(f"[profile shop]\nregion = eu-north-1\n{settings}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    client = connect("shop").client("sts", endpoint_url=NOWHERE)
    with pytest.raises((OSError, RuntimeError)) as failed:
        client.get_caller_identity()
    assert not isinstance(failed.value, BotoCoreError)
    translated = translate(failed.value)
    assert translated.exit_code == 5
    assert reason in str(translated)


def test_any_other_error_becomes_one_line() -> None:
    client: Any = connect_to(NOWHERE, Config())
    with pytest.raises(exceptions.ParamValidationError) as failed:
        client.send_message(QueueUrl=1)
    translated = translate(failed.value)
    assert type(translated) is MiztiikError
    assert str(translated).startswith("Parameter validation failed: Missing required parameter")
    assert "\n" not in str(translated)


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("service", "call", "body"),
    [
        ("kinesis", "list_streams", b"<html><body>Log in</body></html>"),
        ("kinesis", "list_streams", b'{"StreamNames": ["sales"'),
        ("kinesis", "list_streams", b"Log in"),
        ("s3", "list_buckets", b"<!DOCTYPE html>\n<HTML></HTML>"),
        ("lambda", "list_functions", b"<html></html>"),
        ("cloudformation", "describe_stacks", b"<html></html>"),
    ],
)
def test_what_a_proxy_answers_in_place_of_aws_is_named(
    service: str, call: str, body: bytes
) -> None:
    make: Any = connect(region="eu-west-1").client
    client = make(service)
    raw: Any = io.BytesIO(body)
    raw.stream = lambda *_, **__: iter([body])
    answer = AWSResponse(NOWHERE, 200, http.client.HTTPMessage(), raw)
    client.meta.events.register("before-send", lambda **_: answer)
    with pytest.raises(ResponseParserError) as error:
        getattr(client, call)()
    assert "It may be a proxy's, not AWS's" in str(translate(error.value))
