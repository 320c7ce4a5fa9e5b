"""The analytics application: fills the property groups into windows.sql and submits it as one job.

Managed Flink owns checkpoints, parallelism and state; nothing here sets them.
"""

from __future__ import annotations

import json
import os
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pyflink.table import (
    EnvironmentSettings,
    StatementSet,
    TableEnvironment,
)

PROGRAM = Path(__file__).with_name("windows.sql")
# Where Managed Flink puts the property groups; the variable is for running it anywhere else.
PROPERTIES = os.environ.get("APPLICATION_PROPERTIES_FILE", "/etc/flink/application_properties.json")

SETTINGS = {
    "pipeline.name": "revenue-per-store",
    "table.local-time-zone": "UTC",
    # A row goes from one step to the next as it is; nothing here keeps one and changes it later.
    "pipeline.object-reuse": "true",
    # Both INSERTs must share one source and one watermark. Left alone, the planner gives each a
    # WatermarkAssigner of its own when they read different columns, and then a window can be closed
    # for the one and open for the other: a sale is recorded twice, or not at all.
    "table.optimizer.reuse-optimize-block-with-digest-enabled": "true",
}

Groups = Mapping[str, Mapping[str, str]]


class MissingPropertyError(Exception):
    """A property group, or a key of one, that windows.sql needs and the application lacks."""


class Program(string.Template):
    """SQL with ${group} and ${group.key} to be filled in."""

    idpattern = r"[a-z]+(?:\.[a-z]+)*"


def read_program(path: Path = PROGRAM) -> str:
    """The SQL without its comments, whose lines stay: Flink's errors name the lines of the file."""
    return re.sub(r"^[ \t]*--.*", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def read_groups(path: str) -> Groups:
    """The property groups by their id, from the file that the service writes."""
    with open(path, encoding="utf-8") as file:
        return {group["PropertyGroupId"]: group["PropertyMap"] for group in json.load(file)}


def program(groups: Groups, path: Path = PROGRAM) -> list[str]:
    """The statements, filled in. They are told apart before, so that no value can end one."""
    return [fill_in(statement, groups) for statement in statements(read_program(path))]


def fill_in(statement: str, groups: Groups) -> str:
    """The statement with its values; raises MissingPropertyError, which names what is not there."""
    values = {name: with_clause(options) for name, options in groups.items()}
    for name, options in groups.items():
        values.update({f"{name}.{key}": quoted(value) for key, value in options.items()})
    try:
        return Program(statement).substitute(values)
    except KeyError as missing:
        raise MissingPropertyError(
            f"windows.sql needs the property {missing.args[0]!r}; "
            f"the application has the groups {sorted(groups)}. "
            "See EnvironmentProperties in templates/analytics.yaml"
        ) from None


def with_clause(options: Mapping[str, str]) -> str:
    """A connector's options as they stand in WITH (...): in a fixed order, on one line."""
    return ", ".join(f"'{quoted(key)}' = '{quoted(options[key])}'" for key in sorted(options))


def quoted(text: str) -> str:
    """The text as it stands between quotes in SQL."""
    return text.replace("'", "''")


def statements(program: str) -> Iterator[str]:
    """Each statement, without its semicolon, below as many empty lines as are above it."""
    lines_before = 0
    for statement in program.split(";\n"):
        if statement.strip():
            yield "\n" * lines_before + statement.rstrip()
        lines_before += statement.count("\n") + 1


def prepare(program: Iterable[str], settings: Mapping[str, str] = SETTINGS) -> StatementSet:
    """All INSERTs of the program as one statement set, hence one job."""
    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for name, value in settings.items():
        tables.get_config().set(name, value)
    inserts = tables.create_statement_set()
    for statement in program:
        if statement.lstrip().startswith("INSERT"):
            inserts.add_insert_sql(statement)
        else:
            tables.execute_sql(statement)
    return inserts


if __name__ == "__main__":
    prepare(program(read_groups(PROPERTIES))).execute()
