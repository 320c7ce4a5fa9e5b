"""IAM roles that may do what a test says and nothing else, and clients that act as them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.credentials import Credentials

if TYPE_CHECKING:
    from conftest import TestAws

ACCOUNT = "000000000000"
ARN = f"us-east-1:{ACCOUNT}"
Statement = dict[str, Any]


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(actions: str | list[str], *resources: str) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


@dataclass(frozen=True)
class Role:
    """A role of its own, which services and the account's root may take on."""

    aws: TestAws
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{ACCOUNT}:role/{self.name}"

    def may(self, *statements: Statement) -> None:
        """Give it these permissions in place of those that it had."""
        iam, policy = self.aws.client("iam"), document(*statements)
        iam.put_role_policy(RoleName=self.name, PolicyName="only", PolicyDocument=policy)

    def credentials(self) -> Credentials:
        sts = self.aws.client("sts")
        keys = sts.assume_role(RoleArn=self.arn, RoleSessionName="test")["Credentials"]
        return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def client(self, service: str) -> Any:
        keys = self.credentials()
        return self.aws.client(
            service,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
        )


def create(aws: TestAws, *statements: Statement) -> Role:
    role = Role(aws, f"role-{uuid.uuid4()}")
    services = ["firehose.amazonaws.com", "kinesisanalytics.amazonaws.com", "lambda.amazonaws.com"]
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:root", "Service": services}
    trust = document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
    aws.client("iam").create_role(RoleName=role.name, AssumeRolePolicyDocument=trust)
    if statements:
        role.may(*statements)
    return role
