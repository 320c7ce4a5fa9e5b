"""Firehose's conversion of JSON to Parquet.

MiniStack converts each record to a file of its own, and reads the schema from its own notes. AWS
writes one file of all rows of a buffer, reads the schema from Glue as the role that is named for
it, and keeps what does not fit the schema under the error prefix.
https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import role_session

MISMATCH = "DataFormatConversion.MalformedData", "Data does not match the schema."
_COMPRESSIONS = {"GZIP": "gzip", "UNCOMPRESSED": "uncompressed"}

Failed = Mapping[int, tuple[str, str]]


def is_enabled(configuration: dict[str, Any]) -> bool:
    conversion = configuration.get("DataFormatConversionConfiguration") or {}
    # A template's value comes as text.
    return bool(conversion) and str(conversion.get("Enabled", True)).lower() == "true"


def glue(stream: dict[str, Any], configuration: dict[str, Any]) -> Any:
    """A client of Glue that acts as the role of the schema."""
    schema = configuration["DataFormatConversionConfiguration"]["SchemaConfiguration"]
    region = stream["arn"].split(":")[3]
    return role_session.client("glue", schema["RoleARN"], stream["name"], region)


def parquet(
    glue: Any, configuration: dict[str, Any], rows: Sequence[bytes]
) -> tuple[bytes, Failed]:
    """A file of the rows, and by its number why a row is not in it."""
    conversion = configuration["DataFormatConversionConfiguration"]
    schema = conversion["SchemaConfiguration"]
    table = glue.get_table(DatabaseName=schema["DatabaseName"], Name=schema["TableName"])["Table"]
    columns = {one["Name"]: one["Type"] for one in table["StorageDescriptor"]["Columns"]}
    serializer = conversion["OutputFormatConfiguration"]["Serializer"]["ParquetSerDe"]
    compression = _COMPRESSIONS.get(serializer.get("Compression", "SNAPPY"), "snappy")
    whole = _file(rows, columns, compression)
    if whole is not None:
        return whole, {}
    fitting = [row for row in rows if _file([row], columns, compression) is not None]
    failed = {number: MISMATCH for number, row in enumerate(rows) if row not in fitting}
    return (_file(fitting, columns, compression) or b"") if fitting else b"", failed


def _file(rows: Sequence[bytes], columns: Mapping[str, str], compression: str) -> bytes | None:
    """The file; None when a row does not fit."""
    import duckdb
    from ministack.services import firehose

    types = {name: firehose._hive_to_duckdb_type(type_) for name, type_ in columns.items()}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        lines, target = Path(folder, "rows.json"), Path(folder, "rows.parquet")
        lines.write_bytes(b"\n".join(row.strip() for row in rows))
        relation = f"read_json('{lines}', format = 'newline_delimited', columns = {types})"
        options = f"FORMAT parquet, COMPRESSION {compression}"
        try:
            connection.execute(f"COPY (SELECT * FROM {relation}) TO '{target}' ({options})")
        except duckdb.Error:
            return None
        return target.read_bytes()
