"""Athena's queries: the workgroup's settings hold, and what is stopped ends."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import delivery_streams
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

# Some minutes' work, if nobody stops it.
ENDLESS = (
    "SELECT count(*) FROM (SELECT sin(a * b) FROM "
    + " CROSS JOIN ".join(f"UNNEST(sequence(1, 9000)) AS t{one}({one})" for one in ("a", "b", "c"))
    + ")"
)


@dataclass(frozen=True)
class Group:
    aws: TestAws
    name: str
    bucket: str

    def start(self, query: str, **more: Any) -> str:
        answer = self.aws.client("athena").start_query_execution(
            QueryString=query, WorkGroup=self.name, **more
        )
        return str(answer["QueryExecutionId"])

    def execution(self, name: str) -> Any:
        answer = self.aws.client("athena").get_query_execution(QueryExecutionId=name)
        return answer["QueryExecution"]

    def ended(self, name: str) -> Any:
        ends = ("SUCCEEDED", "FAILED", "CANCELLED")
        return until(
            lambda: one if (one := self.execution(name))["Status"]["State"] in ends else None
        )


@pytest.fixture
def group(local_aws: TestAws) -> Group:
    name, bucket = f"group-{uuid.uuid4()}", delivery_streams.create_bucket(local_aws)
    configuration = {
        "EnforceWorkGroupConfiguration": True,
        "BytesScannedCutoffPerQuery": 10_000_000,
        "ResultConfiguration": {"OutputLocation": f"s3://{bucket}/answers/"},
    }
    local_aws.client("athena").create_work_group(Name=name, Configuration=configuration)
    return Group(local_aws, name, bucket)


def rows(group: Group, name: str) -> list[list[str | None]]:
    answer = group.aws.client("athena").get_query_results(QueryExecutionId=name)
    return [[one.get("VarCharValue") for one in row["Data"]] for row in answer["ResultSet"]["Rows"]]


def test_what_has_no_name_gets_athenas(group: Group) -> None:
    name = group.start("SELECT 1 + 1, TIMESTAMP '2026-01-31 10:00:00.5' AS t, DATE '2026-01-31'")
    assert group.ended(name)["Status"]["State"] == "SUCCEEDED"
    assert rows(group, name) == [
        ["_col0", "t", "_col2"],
        ["2", "2026-01-31 10:00:00.500", "2026-01-31"],
    ]


def test_the_answer_is_where_the_workgroup_and_the_execution_say(group: Group) -> None:
    elsewhere = {"OutputLocation": f"s3://{group.bucket}/elsewhere/"}
    name = group.start("SELECT 5 AS five", ResultConfiguration=elsewhere)
    location = group.ended(name)["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://{group.bucket}/answers/{name}.csv"
    body = group.aws.client("s3").get_object(Bucket=group.bucket, Key=f"answers/{name}.csv")
    assert body["Body"].read().split() == [b"five", b"5"]


def test_a_workgroup_that_is_not_there_is_refused(local_aws: TestAws) -> None:
    with pytest.raises(ClientError, match="WorkGroup nobody is not found"):
        Group(local_aws, "nobody", "").start("SELECT 1")


def test_what_cannot_be_parsed_is_refused_at_once(group: Group) -> None:
    with pytest.raises(ClientError, match="line 2:2: mismatched input 'WHERE'") as refused:
        group.start("SELECT a FROM\n WHERE x")
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


def test_a_query_is_stopped(group: Group) -> None:
    name = group.start(ENDLESS)
    until(lambda: group.execution(name)["Status"]["State"] == "RUNNING")
    group.aws.client("athena").stop_query_execution(QueryExecutionId=name)
    began = time.monotonic()
    assert group.ended(name)["Status"]["State"] == "CANCELLED"
    assert "SubmissionDateTime" in until(
        lambda: (one := group.execution(name)["Status"]).get("CompletionDateTime") and one
    )
    assert time.monotonic() - began < 20


def test_a_query_that_scans_more_than_the_workgroup_allows_fails(group: Group) -> None:
    database = f"database_{uuid.uuid4().hex}"
    glue, s3 = group.aws.client("glue"), group.aws.client("s3")
    glue.create_database(DatabaseInput={"Name": database})
    table = {
        "Name": "large",
        "StorageDescriptor": {
            "Location": f"s3://{group.bucket}/large/",
            "Columns": [{"Name": "a", "Type": "string"}],
        },
    }
    glue.create_table(DatabaseName=database, TableInput=table)
    lines = (json.dumps({"a": "x" * 1000}) + "\n") * 11_000
    s3.put_object(Bucket=group.bucket, Key="large/file.json", Body=lines.encode())
    context = {"QueryExecutionContext": {"Database": database}}
    failed = group.ended(group.start("SELECT max(a) FROM large", **context))
    assert failed["Status"]["State"] == "FAILED"
    assert "Bytes scanned limit was exceeded" in failed["Status"]["StateChangeReason"]
    assert failed["Statistics"]["DataScannedInBytes"] > 10_000_000
