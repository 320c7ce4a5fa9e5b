"""The session with AWS: credentials, region and the way clients are made.

The only module that makes boto3 clients, and the only one that turns botocore's errors into ours.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .errors import ConfigurationError, MiztiikError

if TYPE_CHECKING:
    import boto3
    from botocore.exceptions import ClientError
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

LOCAL_HINT = 'for an AWS on this machine: eval "$(miztiik-events local start)"'


def connect(profile: str | None = None, region: str | None = None) -> boto3.session.Session:
    """A session whose region and credentials are known to be there.

    Clients made from it retry in botocore's standard mode, five attempts in all.
    Raises ConfigurationError (exit code 5) when there is no such profile, no region, or no
    credentials. There is no default region: a deploy to a region nobody chose is a bad surprise.
    """
    import boto3
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    core = botocore.session.get_session()
    core.set_default_client_config(
        Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10)
    )
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    try:
        session = boto3.session.Session(
            botocore_session=core, profile_name=profile, region_name=region or _region()
        )
        credentials = session.get_credentials()
    except BotoCoreError as error:
        raise translate(error) from error
    if not session.region_name:
        raise ConfigurationError(
            f"No region. Give --region, set AWS_REGION, or run `aws configure`; {LOCAL_HINT}"
        )
    if credentials is None:
        raise ConfigurationError(
            f"No AWS credentials. Run `aws configure` or give --profile; {LOCAL_HINT}"
        )
    return session


def _moment(value: Any) -> datetime:
    """A time in an answer; botocore's own parser takes half of what it takes to list a bucket."""
    from botocore.utils import parse_timestamp

    with contextlib.suppress(TypeError, ValueError):
        # Python before 3.11 does not know the Z.
        moment = datetime.fromisoformat(re.sub("Z$", "+00:00", value))
        if moment.tzinfo:
            return moment
    parsed: datetime = parse_timestamp(value)
    return parsed


def _region() -> str | None:
    # The AWS CLI and the other SDKs obey both, the first before the second; boto3 only the second.
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


_CREDENTIAL_CODES = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "AuthFailure",
    }
)


def refusal(error: ClientError) -> MiztiikError:
    """What AWS has against this one call.

    Raises ConfigurationError for credentials: those that are refused are refused to everything.
    """
    ours = translate(error)
    if isinstance(ours, ConfigurationError):
        raise ours from error
    return ours


def translate(error: Exception) -> MiztiikError:
    """One line for a botocore error: what failed, why, and what to do about it.

    Credentials, region, profile and unreachable endpoints become ConfigurationError (exit code 5),
    everything else a MiztiikError (exit code 1).
    """
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _translate_answer(error)
    text = " ".join(str(error).split())
    if isinstance(error, _network_errors(exceptions)):
        endpoint = _told(error, "endpoint_url") or _told(error, "proxy_url") or "AWS"
        return ConfigurationError(
            f"Could not reach {endpoint} ({text}). Check the network, the region, the proxy and "
            f"AWS_ENDPOINT_URL; {LOCAL_HINT}"
        )
    for kinds, next_step in _next_steps(exceptions):
        if isinstance(error, kinds):
            return ConfigurationError(f"{text.rstrip('.')}. {next_step}; {LOCAL_HINT}")
    if isinstance(error, ValueError):
        return ConfigurationError(
            f"{text}. Set AWS_ENDPOINT_URL to an address, or unset it for the real AWS; "
            f"{LOCAL_HINT}"
        )
    return MiztiikError(text)


def _told(error: Exception, name: str) -> str:
    return str(getattr(error, "kwargs", {}).get(name, ""))


def _network_errors(exceptions: ModuleType) -> tuple[type[Exception], ...]:
    """Those in which nothing answered; a connection that broke in the middle is none."""
    return (
        exceptions.EndpointConnectionError,
        exceptions.ConnectTimeoutError,
        exceptions.ProxyConnectionError,
        exceptions.SSLError,
    )


def _next_steps(exceptions: ModuleType) -> Iterator[tuple[tuple[type[Exception], ...], str]]:
    """What to do about errors that a person's configuration causes."""
    yield (exceptions.ProfileNotFound,), "`aws configure list-profiles` shows what there is"
    yield (exceptions.InvalidRegionError,), "Give another --region, as eu-west-1"
    yield (exceptions.NoRegionError,), "Give --region or set AWS_REGION"
    yield (exceptions.SSOError, exceptions.TokenRetrievalError), "Run `aws sso login`"
    yield (
        (
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.CredentialRetrievalError,
        ),
        "Run `aws configure` or give --profile",
    )
    yield (
        (exceptions.ConfigParseError, exceptions.InvalidConfigError),
        "Correct AWS's configuration file, or give another --profile",
    )


def _translate_answer(error: Exception) -> MiztiikError:
    response = getattr(error, "response", {})
    code = response.get("Error", {}).get("Code", "Unknown")
    reason = " ".join(response.get("Error", {}).get("Message", "").split())
    operation = getattr(error, "operation_name", "The call")
    if code in _CREDENTIAL_CODES:
        return ConfigurationError(
            f"AWS refused the credentials ({operation}: {code}: {reason}). "
            "Log in again, or choose others with --profile"
        )
    return MiztiikError(f"{operation} was refused: {code}: {reason}")


def is_local(client: AthenaClient | KinesisAnalyticsV2Client) -> bool:
    """Whether the AWS that we talk to is on this machine, where nothing costs anything."""
    return urlsplit(client.meta.endpoint_url).hostname in ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Clients:
    region: str
    cloudformation: CloudFormationClient
    cloudwatch: CloudWatchClient
    flink: KinesisAnalyticsV2Client
    kinesis: KinesisClient
    s3: S3Client
    sqs: SQSClient

    @classmethod
    def of(cls, session: boto3.session.Session) -> Clients:
        return cls(
            region=session.region_name,
            cloudformation=session.client("cloudformation"),
            cloudwatch=session.client("cloudwatch"),
            flink=session.client("kinesisanalyticsv2"),
            kinesis=session.client("kinesis"),
            s3=session.client("s3"),
            sqs=session.client("sqs"),
        )
