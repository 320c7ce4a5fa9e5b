"""The session with AWS: credentials, region and the way clients are made.

The only module that makes boto3 clients, and the only one that turns botocore's errors into ours.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .errors import ConfigurationError, MiztiikError

if TYPE_CHECKING:
    import boto3

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
    try:
        session = boto3.session.Session(
            botocore_session=core, profile_name=profile, region_name=region or _region()
        )
        credentials = session.get_credentials()
    except BotoCoreError as error:
        raise translate(error) from error
    _check_endpoint(os.environ.get("AWS_ENDPOINT_URL", ""))
    if not session.region_name:
        raise ConfigurationError(
            f"No region. Give --region, set AWS_REGION, or run `aws configure`; {LOCAL_HINT}"
        )
    if credentials is None:
        raise ConfigurationError(
            f"No AWS credentials. Run `aws configure` or give --profile; {LOCAL_HINT}"
        )
    return session


def _region() -> str | None:
    # The AWS CLI and the other SDKs obey both, the first before the second; boto3 only the second.
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def _check_endpoint(url: str) -> None:
    # botocore would take it, and raise a bare ValueError when the first client is made.
    if url and not url.startswith(("http://", "https://")):
        raise ConfigurationError(
            f"AWS_ENDPOINT_URL is {url!r}, which is no address. Unset it for the real AWS; "
            f"{LOCAL_HINT}"
        )


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


def translate(error: Exception) -> MiztiikError:
    """One line for a botocore error: what failed, why, and what to do about it.

    Credentials, region, profile and unreachable endpoints become ConfigurationError (exit code 5),
    everything else a MiztiikError (exit code 1).
    """
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _translate_answer(error)
    if isinstance(error, (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError)):
        endpoint = error.kwargs.get("endpoint_url", "AWS")
        return ConfigurationError(
            f"Could not reach {endpoint}. Check the network, the region and AWS_ENDPOINT_URL; "
            f"{LOCAL_HINT}"
        )
    if isinstance(error, exceptions.ProfileNotFound):
        return ConfigurationError(f"{error}. `aws configure list-profiles` shows what there is")
    if isinstance(error, exceptions.InvalidRegionError):
        return ConfigurationError(f"{error} Give another --region, as eu-west-1")
    if isinstance(error, exceptions.NoRegionError):
        return ConfigurationError("No region. Give --region or set AWS_REGION")
    if isinstance(error, (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)):
        return ConfigurationError(f"{error}. Run `aws configure` or give --profile; {LOCAL_HINT}")
    if isinstance(error, (exceptions.SSOError, exceptions.TokenRetrievalError)):
        return ConfigurationError(f"{error}. Run `aws sso login`")
    return MiztiikError(" ".join(str(error).split()))


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
