"""botocore's errors into ours: one line each, with what to do about it.

The only module that does so.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from traceback import walk_tb
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from .errors import ConfigurationError, MiztiikError
from .text import did_you_mean, span

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

LONGEST_TEXT = 300
LOCAL_HINT = 'for an AWS on this machine: eval "$(miztiik-events local start)"'
_CREDENTIAL_CODES = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "TokenRefreshRequired",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
        "UnauthorizedException",
        "AuthFailure",
        "OptInRequired",
    }
)
# https://docs.aws.amazon.com/general/latest/gr/rande.html; global services have no region in it.
_REGIONAL = re.compile(r".+\.(?!s3-)(?P<region>[^.]+)\.(amazonaws\.com(\.cn)?|api\.aws)")
# What botocore checks a call against is as old as botocore.
_UNKNOWN_PARAMETER = re.compile(r'Unknown parameter in input: "(\w+)"')
# With them, a session gets its credentials: what refuses them refuses everything.
_CREDENTIAL_CALLS = (
    "AssumeRole",
    "AssumeRoleWithWebIdentity",
    "AssumeRoleWithSAML",
    "GetRoleCredentials",
    "CreateToken",
    "CreateOAuth2Token",
)
# Each means that the time of the signature is too far from AWS's own.
_CLOCK_CODES = ("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture")
_CLOCK_WORDS = ("Signature expired", "Signature not yet current", "not yet valid")
# Of the differences that are no matter of the network alone; AWS allows 5 minutes, S3 15.
_CLOCK_SECONDS = 240
_THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
    }
)
_UNAVAILABLE = frozenset(
    {"InternalError", "InternalFailure", "InternalServerError", "InternalServiceError"}
    | {"ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout"}
    | {"RequestTimeoutException", "IDPCommunicationError"}
)
_UNAVAILABLE_STATUSES = (500, 502, 503, 504)


def is_refused_for_now(error: Exception) -> Literal["", "before it began", "perhaps after"]:
    """Whether AWS answered that it cannot at the moment, and if so, when."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return ""
    code = response.get("Error", {}).get("Code", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in _THROTTLED or status == 429:
        return "before it began"
    is_unavailable = code in _UNAVAILABLE or status in _UNAVAILABLE_STATUSES
    return "perhaps after" if is_unavailable else ""


def is_unanswered(error: Exception) -> bool:
    """Whether there was no answer, or none that can be read: what came of the call is not known."""
    from botocore import exceptions, parsers

    kinds = (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.IncompleteReadError,
        parsers.ResponseParserError,
    )
    return isinstance(error, kinds) and not _cannot_be_sent(error)


def _cannot_be_sent(error: Exception) -> bool:
    """Whether Python refused what would be a header of the request: credentials stand in some."""
    return isinstance(getattr(error, "kwargs", {}).get("error"), (ValueError, UnicodeError))


def is_broken_off(error: Exception) -> bool:
    """Whether somebody was there, and the connection broke in the middle."""
    from botocore import exceptions

    kinds = (
        exceptions.ConnectionClosedError,
        exceptions.ReadTimeoutError,
        exceptions.ResponseStreamingError,
        exceptions.IncompleteReadError,
    )
    return isinstance(error, kinds)


def no_credentials(error: Exception, profile: str = "") -> ConfigurationError:
    """Why there are none, where botocore lets through what a program or a file of them came to."""
    whose = f" of profile {profile}" if profile else ""
    # A file in the cache of the AWS CLI that is none (any more).
    is_kept = isinstance(error, KeyError)
    reason = f"what is kept of them ({error}) cannot be read" if is_kept else str(error).rstrip(".")
    return ConfigurationError(
        f"The credentials{whose} cannot be had: {reason}. Log in again, correct the profile's "
        f"credential_process or token file, or give another --profile; {LOCAL_HINT}"
    )


def is_of_credentials(error: Exception) -> bool:
    """Whether botocore, looking for credentials, let it through: it has no type of botocore's."""
    if isinstance(error, EOFError) or type(error).__module__.startswith("botocore"):
        return False
    frames = (frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__))
    return any(name in ("botocore.credentials", "botocore.tokens") for name in frames)


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
    import botocore
    from botocore import exceptions, parsers

    if isinstance(error, exceptions.ClientError):
        return _translate_answer(error)
    if is_of_credentials(error):
        return no_credentials(error)
    if _cannot_be_sent(error):
        # The error itself tells the credentials.
        return ConfigurationError(
            "The credentials have a character that no request can have, such as a line break. "
            "Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN again, or log in "
            f"again; {LOCAL_HINT}"
        )
    text = " ".join(str(error).split())
    if isinstance(error, exceptions.SSLError) and _tells_of_clock(text):
        return _of_clock(text)
    if isinstance(error, _network_errors(exceptions)):
        endpoint = _detail(error, "endpoint_url") or _detail(error, "proxy_url") or "AWS"
        return ConfigurationError(
            f"{_of_region(_detail(error, 'endpoint_url'))}"
            f"Could not reach {endpoint} ({text}). Check the network, the region, the proxy and "
            f"AWS_ENDPOINT_URL{_of_certificates(error, exceptions)}; {LOCAL_HINT}"
        )
    for kinds, next_step in _next_steps(exceptions):
        if isinstance(error, kinds):
            return ConfigurationError(f"{text.rstrip('.:')}. {next_step}; {LOCAL_HINT}")
    if is_broken_off(error):
        return MiztiikError(
            f"The connection broke off ({text.rstrip('.')}). Check the network and the proxy, and "
            "try again"
        )
    if isinstance(error, parsers.ResponseParserError):
        return MiztiikError(
            f"The answer cannot be read ({text[:LONGEST_TEXT]}). It may be a proxy's, not AWS's: "
            "check HTTP_PROXY, HTTPS_PROXY and AWS_ENDPOINT_URL, or try again"
        )
    if unknown := _UNKNOWN_PARAMETER.search(text):
        return ConfigurationError(
            f"boto3 is too old for this: botocore {botocore.__version__} does not know the "
            f"parameter {unknown[1]}. Run: pip install --upgrade boto3, with Python 3.10 or newer"
        )
    if isinstance(error, ValueError):
        return ConfigurationError(
            f"{text}. Set AWS_ENDPOINT_URL to an address, or unset it for the real AWS; "
            f"{LOCAL_HINT}"
        )
    return MiztiikError(text)


def _of_region(endpoint: str) -> str:
    """That the region in the address is none that botocore knows: misspelt, or newer than it is."""
    import botocore
    import botocore.session

    found = _REGIONAL.fullmatch(urlsplit(endpoint).hostname or "")
    core = botocore.session.Session()
    known = {
        region
        for partition in core.get_available_partitions()
        for region in core.get_available_regions("cloudformation", partition)
    }
    if not found or found["region"] in {*known, *core.get_available_services()}:
        return ""
    guess = did_you_mean([found["region"]], sorted(known))
    place = f"in the list of botocore {botocore.__version__}"
    return f"There is no region {found['region']} {place}.{guess} "


def _of_certificates(error: Exception, exceptions: ModuleType) -> str:
    """The proxies of companies have certificates of their own."""
    return ", and AWS_CA_BUNDLE" if isinstance(error, exceptions.SSLError) else ""


def _detail(error: Exception, name: str) -> str:
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
    yield (exceptions.LoginError,), "Run `aws login`"
    yield (
        (exceptions.MissingDependencyException,),
        "Install it, or run `aws configure export-credentials --format env`, which any tool takes",
    )
    yield (
        (exceptions.CredentialRetrievalError,),
        "Log in again, correct the profile's credential_process, or give another --profile",
    )
    yield (
        (
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.RefreshWithMFAUnsupportedError,
            exceptions.UnknownCredentialError,
        ),
        "Run `aws configure` or give --profile",
    )
    yield (
        (
            exceptions.ConfigParseError,
            exceptions.InvalidConfigError,
            exceptions.InvalidRetryConfigurationError,
            exceptions.InvalidS3UsEast1RegionalEndpointConfigError,
            exceptions.InvalidSTSRegionalEndpointsConfigError,
            exceptions.InvalidDefaultsMode,
            exceptions.InvalidChecksumConfigError,
            exceptions.InvalidEndpointConfigurationError,
            exceptions.InvalidProxiesConfigError,
            exceptions.InvalidS3AddressingStyleError,
            exceptions.InvalidIMDSEndpointError,
            exceptions.InvalidIMDSEndpointModeError,
            exceptions.EndpointVariantError,
            exceptions.EndpointProviderError,
            exceptions.UnknownFIPSEndpointError,
        ),
        "Correct AWS's configuration file or variable, or give another --profile",
    )


def _translate_answer(error: Exception) -> MiztiikError:
    response = getattr(error, "response", {})
    code = response.get("Error", {}).get("Code", "Unknown")
    reason = " ".join(response.get("Error", {}).get("Message", "").split())
    operation = getattr(error, "operation_name", "The call")
    refused = f"{operation}: {code}: {reason}"
    if code in _CLOCK_CODES or (
        code in _CREDENTIAL_CODES and (_tells_of_clock(reason) or _is_skewed(response))
    ):
        return _of_clock(refused, response)
    if code in _CREDENTIAL_CODES or operation in _CREDENTIAL_CALLS:
        return ConfigurationError(
            f"AWS refused the credentials ({refused}). "
            "Log in again, or choose others with --profile"
        )
    return MiztiikError(f"{operation} was refused: {code}: {reason}")


def _tells_of_clock(text: str) -> bool:
    return any(words in text for words in _CLOCK_WORDS)


def _is_skewed(response: Mapping[str, Any]) -> bool:
    return abs(_ahead(response)) > _CLOCK_SECONDS


def _ahead(response: Mapping[str, Any]) -> float:
    """By how many seconds this machine's clock is ahead of AWS's, which each answer tells."""
    date = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return time.time() - parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return 0.0


def _of_clock(refused: str, response: Mapping[str, Any] | None = None) -> ConfigurationError:
    ahead = _ahead(response or {})
    by = f" by {span(abs(ahead))} ({'ahead' if ahead > 0 else 'behind'})"
    return ConfigurationError(
        f"The clock of this machine is wrong{by if abs(ahead) > _CLOCK_SECONDS else ''}, or AWS "
        f"thinks so ({refused}). It is {datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S} UTC by this "
        "clock. Set it, as with `timedatectl set-ntp true`; to log in again does not help"
    )
