"""Firehose's conversion to Parquet, by the columns of a table in Glue."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

import delivery_streams
import small_roles
from small_roles import allow
from waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from delivery_streams import DeliveryStream
    from shared_aws import TestAws

COLUMNS = [
    {"Name": "name", "Type": "string"},
    {"Name": "amount", "Type": "decimal(12,2)"},
    {"Name": "at", "Type": "timestamp"},
]
AT = "2026-01-31 10:00:00.123"


def converting(aws: TestAws, *actions: str) -> DeliveryStream:
    database = f"database-{uuid.uuid4()}"
    glue = aws.client("glue")
    glue.create_database(DatabaseInput={"Name": database})
    table = {"Name": "rows", "StorageDescriptor": {"Columns": COLUMNS}}
    glue.create_table(DatabaseName=database, TableInput=table)
    role = small_roles.create(aws, allow(["s3:PutObject", *actions], "*"))
    conversion = {
        "Enabled": True,
        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
        "SchemaConfiguration": {
            "RoleARN": role.arn,
            "DatabaseName": database,
            "TableName": "rows",
        },
    }
    return delivery_streams.create(
        aws,
        role,
        seconds=1,
        DataFormatConversionConfiguration=conversion,
        ErrorOutputPrefix="failed/!{firehose:error-output-type}/",
        FileExtension=".parquet",
    )


def row(name: str, amount: Any) -> bytes:
    return json.dumps({"name": name, "amount": amount, "at": AT, "more": 1}).encode()


def read(path: Path, body: bytes) -> list[tuple[str, ...]]:
    path.write_bytes(body)
    columns = 'name, CAST(amount AS VARCHAR), CAST("at" AS VARCHAR)'
    return duckdb.sql(f"SELECT {columns} FROM '{path}'").fetchall()


def test_the_records_become_one_file_of_the_tables_columns(
    local_aws: TestAws, tmp_path: Path
) -> None:
    stream = converting(local_aws, "glue:GetTable")
    stream.put(row("a", 1.1), row("ü", 999_999_999.99))
    [(key, body)] = until(stream.objects).items()
    assert key.endswith(".parquet")
    file = tmp_path / "file.parquet"
    assert read(file, body) == [("a", "1.10", AT), ("ü", "999999999.99", AT)]
    assert [one[0] for one in duckdb.sql(f"DESCRIBE SELECT * FROM '{file}'").fetchall()] == [
        column["Name"] for column in COLUMNS
    ]


def test_what_does_not_fit_is_kept_and_the_rest_is_delivered(
    local_aws: TestAws, tmp_path: Path
) -> None:
    stream = converting(local_aws, "glue:GetTable")
    stream.put(row("a", 1.1), row("b", "much"), row("c", 2))
    objects = until(lambda: found if len(found := stream.objects()) == 2 else None)
    failed, file = sorted(objects, key=lambda key: not key.startswith("failed/"))
    assert failed.startswith("failed/format-conversion-failed/")
    [line] = objects[failed].splitlines()
    assert json.loads(line)["errorCode"] == "DataFormatConversion.MalformedData"
    kept = read(tmp_path / "file.parquet", objects[file])
    assert [one[0] for one in kept] == ["a", "c"]


@pytest.mark.parametrize("actions", [(), ("lambda:InvokeFunction",)])
def test_a_role_that_may_not_read_the_schema_delivers_nothing(
    local_aws: TestAws, actions: tuple[str, ...]
) -> None:
    stream = converting(local_aws, *actions)
    stream.put(row("a", 1.1))
    assert not stream.drained(0)
