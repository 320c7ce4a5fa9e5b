"""What becomes of botocore's errors."""

from __future__ import annotations

import contextlib
import http.client
import io
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

import aws_settings
from miztiik_events.aws_errors import LOCAL_HINT, is_unanswered, no_credentials, translate
from miztiik_events.errors import ConfigurationError, MiztiikError
from miztiik_events.session import connect
from stubs import Refusal, stubbed

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    aws_settings.have(monkeypatch, **aws_settings.KEYS)


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


def connect_to(endpoint: str, config: Config) -> Any:
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


def test_a_parameter_that_is_newer_than_boto3_is_told_with_what_to_install() -> None:
    client: Any = connect_to(NOWHERE, Config())
    with pytest.raises(exceptions.ParamValidationError) as failed:
        client.send_message(QueueUrl="queue", MessageBody="text", FromTomorrow=1)
    translated = translate(failed.value)
    assert translated.exit_code == 5
    known = f"botocore {botocore.__version__} does not know the parameter FromTomorrow. Run: pip"
    assert known in str(translated)


def test_any_other_error_becomes_one_line() -> None:
    client: Any = connect_to(NOWHERE, Config())
    with pytest.raises(exceptions.ParamValidationError) as failed:
        client.send_message(QueueUrl=1)
    translated = translate(failed.value)
    assert type(translated) is MiztiikError
    assert str(translated).startswith("Parameter validation failed: Missing required parameter")
    assert "\n" not in str(translated)


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
