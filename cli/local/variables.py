"""Environment variables: those that lead to the AWS on this machine, and those kept from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

REGION = "us-east-1"
# Throw-away keys; MiniStack knows them as those of the account's root.
ACCESS_KEY = "test"
SECRET_KEY = "test"
# Where other credentials than ours could come from, and what could lead past our endpoint.
_UNSET = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)
# What a process of ours may know of the caller; above all not its credentials and its proxies.
_KEPT = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "JAVA_HOME"),
    # Where the classes are that Flink's JVMs share, and whatever else was fetched or built once.
    "XDG_CACHE_HOME",
)
# How the caller's Python finds its modules and libraries.
_PYTHON = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")
# All that an AWS SDK takes credentials from, or the way to them.
# https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_BEARER_TOKEN_BEDROCK",
)
_HARMLESS = (ACCESS_KEY, SECRET_KEY, os.devnull, "")


def endpoint(port: int) -> str:
    """The address of the AWS on this machine; there is no way to name another host."""
    return f"http://127.0.0.1:{port}"


def for_clients(
    port: int, region: str | None = None, caller: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """What makes every AWS SDK and tool use the AWS on this machine."""
    exports = {
        "AWS_ENDPOINT_URL": endpoint(port),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": region or REGION,
        "AWS_DEFAULT_REGION": region or REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    proxied = {"http_proxy", "all_proxy"} & {name.lower() for name in caller}
    if proxied:
        others = caller.get("NO_PROXY") or caller.get("no_proxy")
        exports["NO_PROXY"] = exports["no_proxy"] = ",".join(filter(None, (others, "127.0.0.1")))
    return exports


def to_unset(caller: Mapping[str, str] = os.environ) -> list[str]:
    """The variables that would undo `for_clients`; those of one service's endpoint among them."""
    endpoints = (name for name in caller if name.startswith("AWS_ENDPOINT_URL_"))
    return [*_UNSET, *sorted(name for name in endpoints if name.isidentifier())]


def to_start_server(caller: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the process of the server is started with: nothing that leads to a real AWS.

    Its environment can be read as long as it lives (/proc/PID/environ), whatever it forgets later.
    """
    return {name: caller[name] for name in (*_KEPT, *_PYTHON) if name in caller}


def of_real_credentials(environment: Mapping[str, str]) -> list[str]:
    """The variables that hold credentials other than the throw-away ones, or lead to such."""
    return [name for name in _CREDENTIALS if environment.get(name, "") not in _HARMLESS]


def for_server(
    port: int, temporary: Path, caller: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The whole environment of the server, which its functions and Flink inherit."""
    kept = {name: caller[name] for name in _KEPT if name in caller}
    return {
        **kept,
        **for_clients(port, caller={}),
        # Nothing from the caller's ~/.aws either.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "TMPDIR": str(temporary),
        **_ministack(port, temporary),
    }


def _ministack(port: int, temporary: Path) -> dict[str, str]:
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        # IAM is enforced: a policy that lacks a permission fails here as it does on AWS.
        "AUTH": "true",
        "LOG_LEVEL": "WARNING",
        # MiniStack removes any MiniStack containers that it finds; those are not ours.
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        # Listeners on fixed ports, of services that are not used here.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "S3_DATA_DIR": str(temporary / "s3"),
        "STATE_DIR": str(temporary / "state"),
    }
