"""AWS clients that act as a role, as the services themselves do on AWS.

The only module of the server that makes clients. IAM is enforced, so a role that lacks a
permission fails here as it does on AWS.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from typing import Any

from .requirements import require


def credentials(role_arn: str, session_name: str) -> dict[str, str]:
    """Credentials of a session of the role, as environment variables; they do not expire.

    STS itself would refuse: the role trusts a service, not the account's root.
    """
    from ministack.services import sts

    require(sts, "register_session")
    account, role_name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    digest = hashlib.sha256(f"{role_arn}/{session_name}".encode()).hexdigest()
    values = {
        "AWS_ACCESS_KEY_ID": f"ASIA{digest[:16].upper()}",
        "AWS_SECRET_ACCESS_KEY": digest[16:56],
        "AWS_SESSION_TOKEN": digest,
    }
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}",
        "UserId": f"{role_name}:{session_name}",
        "SecretAccessKey": values["AWS_SECRET_ACCESS_KEY"],
        "SessionToken": values["AWS_SESSION_TOKEN"],
    }
    sts.register_session(values["AWS_ACCESS_KEY_ID"], session)
    return values


@lru_cache(maxsize=64)
def client(service: str, role_arn: str, session_name: str, region: str) -> Any:
    """A boto3 client of the AWS on this machine that acts as the role."""
    import boto3

    keys = credentials(role_arn, session_name)
    make: Any = boto3.client
    return make(
        service,
        region_name=region,
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
    )
