"""The tables of Glue's catalog as Athena sees them: their partitions, their columns, their views.

sqlglot makes DuckDB's SQL of Athena's.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

_VIEW = re.compile(r"/\*\s*Presto View:\s*([A-Za-z0-9+/=\s]+?)\s*\*/")
_PLACE = re.compile(r"\$\{(\w+)\}")
_JAVA_TIMES = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


@dataclass(frozen=True)
class _File:
    """An object of a table, and the value of each of its partition keys."""

    key: str
    partition: Mapping[str, str]


def syntax_error(query: str) -> str:
    """Why Athena would not take the query, with the place; empty when it would."""
    import sqlglot

    try:
        if len([one for one in sqlglot.parse(query, dialect="athena") if one]) > 1:
            return "Only one sql statement is allowed."
        sqlglot.parse_one(query, dialect="athena")
    except sqlglot.errors.ParseError as error:
        if not error.errors:
            return "Query string cannot be empty."
        first = error.errors[0]
        place = f"line {first['line']}:{_start(first)}"
        cause = str(first["description"]).partition(" but got ")[0]
        return f"{place}: mismatched input '{first['highlight']}'. {cause}"
    except sqlglot.errors.TokenError as error:
        return f"line {query.count(chr(10)) + 1}:{len(query.splitlines()[-1])}: {error}"
    return ""


def prepare(connection: Any, query: str, database: str, folder: Path) -> str:
    """Make the tables that the query names, and return the query as DuckDB takes it."""
    import sqlglot

    tree = sqlglot.parse_one(query, dialect="athena")
    made: set[tuple[str, str]] = set()
    for schema, name in [*_tables(tree, database), *_shown(tree, database)]:
        _make(connection, schema, name, folder, made)
    _name(tree)
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{database}"; SET schema = \'"{database}"\'')
    return str(tree.sql(dialect="duckdb"))


def _shown(tree: Any, database: str) -> Iterator[tuple[str, str]]:
    """All tables of the database, for what asks about tables and not about what is in them."""
    from ministack.services import glue
    from sqlglot import expressions

    if not isinstance(tree, expressions.Query):
        for key in list(glue._tables):
            schema, _, name = key.rpartition("/")
            if schema == database:
                yield schema, name


def _name(tree: Any) -> None:
    """Give what has no name in a SELECT the one that Athena gives it."""
    from sqlglot import expressions

    for number, selected in enumerate(tree.selects if isinstance(tree, expressions.Query) else []):
        if not isinstance(selected, (expressions.Alias, expressions.Column, expressions.Star)):
            selected.replace(expressions.alias_(selected.copy(), f"_col{number}"))


def reason(error: Exception, query: str, database: str) -> str:
    """What Athena says where DuckDB says this."""
    import sqlglot
    from sqlglot import expressions

    told = str(error).partition("\n")[0]
    tree = sqlglot.parse_one(query, dialect="athena")
    if match := re.search(r'Referenced column "([^"]+)" not found', told):
        place = _place(one for one in tree.find_all(expressions.Column) if one.name == match[1])
        cause = "cannot be resolved or requester is not authorized to access requested resources"
        return f"COLUMN_NOT_FOUND: {place}: Column '{match[1]}' {cause}"
    if match := re.search(r"Table with name (\S+) does not exist", told):
        name = match[1].rpartition(".")[2]
        tables = [one for one in tree.find_all(expressions.Table) if one.name == name]
        schema = next((one.db for one in tables if one.db), database)
        place = _place(iter(tables))
        return f"TABLE_NOT_FOUND: {place}: Table 'awsdatacatalog.{schema}.{name}' does not exist"
    if match := re.search(r"Function with name (\S+) does not exist", told):
        name = match[1].lower()
        place = _place(
            one for one in tree.find_all(expressions.Anonymous) if one.name.lower() == name
        )
        return f"FUNCTION_NOT_FOUND: {place}: Function '{name}' not registered"
    return f"GENERIC_USER_ERROR: {told}"


def _start(error: Mapping[str, Any]) -> int:
    # sqlglot counts to the end of the word.
    return max(1, int(error["col"]) - len(error["highlight"]) + 1)


def _place(nodes: Iterator[Any]) -> str:
    node = next(nodes, None)
    meta = (node.this.meta if hasattr(node.this, "meta") else node.meta) if node else {}
    meta = meta or (node.meta if node else {})
    if not meta:
        return "line 1:1"
    return f"line {meta['line']}:{meta['col'] - (meta['end'] - meta['start'])}"


def _tables(tree: Any, database: str) -> Iterator[tuple[str, str]]:
    """Database and name of what the query reads; the catalog's name is taken off."""
    from sqlglot import expressions

    known = {one.alias for one in tree.find_all(expressions.CTE)}
    for table in tree.find_all(expressions.Table):
        if table.db or table.name not in known:
            table.set("catalog", None)
            yield table.db or database, table.name


def _make(
    connection: Any, schema: str, name: str, folder: Path, made: set[tuple[str, str]]
) -> None:
    from ministack.services import glue

    name = name.lower()
    table = glue._tables.get(f"{schema}/{name}")
    if not table or (schema, name) in made:
        return
    made.add((schema, name))
    if table.get("TableType") == "VIRTUAL_VIEW":
        relation = _view(connection, table, folder, made)
    else:
        relation = _relation(table, folder / str(len(made)))
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    connection.execute(f'CREATE VIEW "{schema}"."{name}" AS {relation}')


def _view(connection: Any, table: dict[str, Any], folder: Path, made: set[tuple[str, str]]) -> str:
    import sqlglot

    match = _VIEW.search(table["ViewOriginalText"])
    view = json.loads(base64.b64decode(match[1])) if match else {}
    tree = sqlglot.parse_one(view["originalSql"], dialect="athena")
    for schema, name in _tables(tree, view["schema"]):
        _make(connection, schema, name, folder, made)
    from sqlglot import expressions

    for named in tree.find_all(expressions.Table):
        if not named.db and (view["schema"], named.name.lower()) in made:
            named.set("db", expressions.to_identifier(view["schema"], quoted=True))
    return str(tree.sql(dialect="duckdb"))


def _relation(table: dict[str, Any], folder: Path) -> str:
    """A SELECT of the table's columns and partition keys."""
    from ministack.services import firehose

    storage, keys = table["StorageDescriptor"], table.get("PartitionKeys") or []
    columns = {
        one["Name"]: firehose._hive_to_duckdb_type(one["Type"]) for one in storage["Columns"]
    }
    partitions = {one["Name"]: firehose._hive_to_duckdb_type(one["Type"]) for one in keys}
    files = [str(path) for path in _copies(table, folder)]
    nulls = (f'CAST(NULL AS {type_}) AS "{name}"' for name, type_ in _all(columns, partitions))
    empty = f"SELECT {', '.join(nulls)} WHERE false"
    if not files:
        return empty
    hive = f"hive_partitioning = {bool(partitions)}"
    if partitions:
        hive += f", hive_types = {partitions}"
    if "parquet" in str(storage.get("InputFormat", "")).lower():
        # A file from before a column of the table was there has NULL in it.
        rows = f"SELECT * FROM read_parquet({files}, union_by_name = true, {hive})"
        reader, sources = f"({empty} UNION ALL BY NAME {rows})", {}
    else:
        parameters = (storage.get("SerdeInfo") or {}).get("Parameters") or {}
        sources = {name: parameters.get(f"mapping.{name}", name) for name in columns}
        types = {sources[name]: type_ for name, type_ in columns.items()}
        options = f"format = 'newline_delimited', ignore_errors = true, columns = {types}, {hive}"
        reader = f"read_json({files}, {options})"
    selected = (f'"{sources.get(name, name)}" AS "{name}"' for name, _ in _all(columns, partitions))
    return f"SELECT {', '.join(selected)} FROM {reader}"


def _all(columns: Mapping[str, str], partitions: Mapping[str, str]) -> list[tuple[str, str]]:
    return [*columns.items(), *partitions.items()]


def _copies(table: dict[str, Any], folder: Path) -> Iterator[Path]:
    """The table's objects as files, in folders that are named by their partitions."""
    from ministack.services import s3

    bucket = table["StorageDescriptor"]["Location"].split("/")[2]
    for number, file in enumerate(_files(table, bucket)):
        data = s3._get_object_data(bucket, file.key)
        if data:
            names = [f"{name}={value}" for name, value in file.partition.items()]
            path = folder.joinpath(*names, f"{number}-{file.key.rpartition('/')[2]}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            yield path


def _files(table: dict[str, Any], bucket: str) -> Iterator[_File]:
    """The objects in the table's partitions; those elsewhere do not exist for Athena."""
    from ministack.services import s3

    parameters = table.get("Parameters") or {}
    location = table["StorageDescriptor"]["Location"].rstrip("/") + "/"
    template = parameters.get("storage.location.template", location).rstrip("/") + "/"
    if parameters.get("projection.enabled") != "true" and table.get("PartitionKeys"):
        # Without projection, each partition would have to be in the catalog.
        return
    pattern = re.compile(_pattern(template.partition(f"s3://{bucket}/")[2], parameters))
    for key in sorted((s3._buckets.get(bucket) or {"objects": {}})["objects"]):
        match = pattern.fullmatch(key)
        values = match.groupdict() if match else {}
        if match and all(is_projected(parameters, name, one) for name, one in values.items()):
            yield _File(key, {name: _plain(value) for name, value in values.items()})


def _pattern(prefix: str, parameters: Mapping[str, str]) -> str:
    """Of the keys in a table's partitions; a name that begins with _ or . is no file of it."""
    pieces = _PLACE.split(prefix)
    for number in range(1, len(pieces), 2):
        # A date may have slashes in it: yyyy/MM/dd.
        java = parameters.get(f"projection.{pieces[number]}.format", "")
        value = re.sub("[A-Za-z]", r"\\d", java) or "[^/]+"
        pieces[number] = f"(?P<{pieces[number]}>{value})"
    pieces[::2] = map(re.escape, pieces[::2])
    return "".join(pieces) + "(?:.*/)?[^_./][^/]*"


def is_projected(parameters: Mapping[str, str], name: str, value: str) -> bool:
    """Whether the table's properties make a partition of this value."""
    kind = parameters.get(f"projection.{name}.type", "")
    bounds = parameters.get(f"projection.{name}.range", "").split(",")
    if kind == "integer":
        digits = int(parameters.get(f"projection.{name}.digits", 0))
        first, last = map(int, bounds)
        return (
            value.isdecimal()
            and value == str(int(value)).zfill(digits)
            and (first <= int(value) <= last)
        )
    if kind == "date":
        return _is_projected_date(parameters[f"projection.{name}.format"], bounds, value)
    values = parameters.get(f"projection.{name}.values", "").split(",")
    return kind == "injected" or (kind == "enum" and value in values)


def _is_projected_date(java: str, bounds: list[str], value: str) -> bool:
    """For bounds that are dates, or NOW; not for NOW-3YEARS and the like."""
    python = java
    for letters, directive in _JAVA_TIMES.items():
        python = python.replace(letters, directive)
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    try:
        first, last = (
            now if bound == "NOW" else datetime.strptime(bound, python) for bound in bounds
        )
        moment = datetime.strptime(value, python)
    except ValueError:
        return False
    return moment.strftime(python) == value and first <= moment <= last


def _plain(value: str) -> str:
    """A value as a folder's name takes it."""
    return value.replace("%", "%25").replace("/", "%2F")
