"""The session with AWS: credentials, region and the way clients are made.

The only module that makes boto3 clients.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .aws_errors import LOCAL_HINT, LONGEST_TEXT, no_credentials, translate
from .errors import ConfigurationError

if TYPE_CHECKING:
    import boto3
    import botocore.session
    from botocore.model import OperationModel
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# Where the AWS CLI keeps what a role gave it, so that a code (MFA) is asked for once an hour.
CLI_CACHE = "~/.aws/cli/cache"


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
    core.register("before-parse", _refuse_unreadable)
    try:
        session = boto3.session.Session(
            botocore_session=core, profile_name=profile, region_name=region or _region()
        )
        _share_cache_with_aws_cli(core)
        credentials = session.get_credentials()
    except BotoCoreError as error:
        raise translate(error) from error
    except (ValueError, OSError) as error:
        # What the credential_process of a profile writes, or that there is no such program.
        raise no_credentials(error, core.profile or "default") from error
    if not session.region_name:
        raise ConfigurationError(
            f"No region. Give --region, set AWS_REGION, or run `aws configure`; {LOCAL_HINT}"
        )
    if credentials is None:
        raise ConfigurationError(
            f"No AWS credentials. Run `aws configure` or give --profile; {LOCAL_HINT}"
        )
    return session


def _share_cache_with_aws_cli(core: botocore.session.Session) -> None:
    """What a role has given is good for an hour, for the AWS CLI and for us."""
    from botocore.exceptions import UnknownCredentialError
    from botocore.utils import JSONFileCache

    class Cache(JSONFileCache):
        def __setitem__(self, key: str, value: Any) -> None:
            # A home that cannot be written to costs another question, not the command.
            with contextlib.suppress(OSError):
                super().__setitem__(key, value)

    resolver = core.get_component("credential_provider")
    cache = Cache(os.path.expanduser(CLI_CACHE))
    for name in ("assume-role", "assume-role-with-web-identity", "sso"):
        with contextlib.suppress(UnknownCredentialError):
            resolver.get_provider(name).cache = cache


def _moment(value: Any) -> datetime:
    """A time in an answer; botocore's own parser takes half of what it takes to list a bucket."""
    from botocore.utils import parse_timestamp

    with contextlib.suppress(AttributeError, TypeError, ValueError):
        if value.endswith("GMT"):
            return parsedate_to_datetime(value)
        # Python before 3.11 does not know the Z.
        moment = datetime.fromisoformat(re.sub("Z$", "+00:00", value))
        if moment.tzinfo:
            return moment
    parsed: datetime = parse_timestamp(value)
    return parsed


def _refuse_unreadable(**call: Any) -> None:
    """Raise ResponseParserError for a page of a proxy's, or half an answer, in place of AWS's.

    botocore takes such text for an answer in which nothing is said.
    """
    from botocore.parsers import ResponseParserError

    operation: OperationModel = call["operation_model"]
    if operation.has_streaming_output or call["response_dict"]["status_code"] >= 300:
        return
    body: bytes = call["response_dict"]["body"].strip()
    is_page = b"<html" in body[:LONGEST_TEXT].lower()
    is_json = operation.service_model.resolved_protocol == "json"
    if is_page or (is_json and body and not (body[:1] == b"{" and body[-1:] == b"}")):
        raise ResponseParserError(body[:LONGEST_TEXT].decode("utf-8", "replace"))


def _region() -> str | None:
    # The AWS CLI and the other SDKs obey both, the first before the second; boto3 only the second.
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def is_local(client: AthenaClient | CloudFormationClient | KinesisAnalyticsV2Client) -> bool:
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
