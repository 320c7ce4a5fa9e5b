"""Requests as the AWS SDKs for Java send them, which boto3 cannot: in CBOR, and signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cbor2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from miztiik_events.local import variables

if TYPE_CHECKING:
    from conftest import TestAws

ROOT = Credentials(variables.ACCESS_KEY, variables.SECRET_KEY)
CBOR = "application/x-amz-cbor-1.1"


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def document(self) -> Any:
        return cbor2.loads(self.body)


def kinesis(aws: TestAws, operation: str, credentials: Credentials = ROOT, **fields: Any) -> Answer:
    """Kinesis's answer to a request in CBOR with these fields."""
    headers = {"Content-Type": CBOR, "X-Amz-Target": f"Kinesis_20131202.{operation}"}
    request = AWSRequest("POST", aws.endpoint, headers, cbor2.dumps(fields))
    SigV4Auth(credentials, "kinesis", variables.REGION).add_auth(request)
    sent = URLLib3Session().send(request.prepare())
    return Answer(sent.status_code, sent.content)
