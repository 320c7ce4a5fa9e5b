"""Has Flink plan a program, in a process of its own whose folder has the program's main.py.

Its arguments are a folder for temporary files and further jars. It is told the property groups on
stdin, and prints its verdict as JSON: {} when all is well, else `reason`, and `line` and `column`
as far as they are known. A line is that of the file of SQL, since main.py gives each statement as
many empty lines in front as it has lines before it.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from . import jvm

GATEWAY = "org.apache.flink.client.python.PythonGatewayServer"
LONGEST = 500
_PLACE = re.compile(r"\bline (\d+), column (\d+)")
# What need not be told: the place once more, and each word that the parser would have taken.
_FURTHER = re.compile(
    r"^From line \d+, column \d+ to line \d+, column \d+: | at line \d+, column \d+"
    r"|\s*Was expecting\b.*",
    re.DOTALL,
)
_TABLE = re.compile(r"^Unable to create a s\w+ for \w+ table '(?:\w+\.)*(\w+)'")
_CREATES = re.compile(
    r"\s*CREATE\s+(?:TEMPORARY\s+)?(TABLE|VIEW)\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(\w+)", re.IGNORECASE
)


def plan(groups_of_each: Sequence[dict[str, dict[str, str]]]) -> dict[str, Any]:
    """The verdict on the program with these groups, the first that is not good."""
    main = importlib.import_module("main")
    for groups in groups_of_each:
        statements: list[str] = []
        try:
            statements += main.program(groups)
        except Exception as error:
            return {"reason": str(error)}
        verdict = _verdict(main, statements)
        if verdict:
            return verdict
    return {}


def _verdict(main: Any, statements: Sequence[str]) -> dict[str, Any]:
    from py4j.protocol import Py4JJavaError
    from pyflink.util.exceptions import JavaException

    begun: list[str] = []

    def noted() -> Iterator[str]:
        for statement in statements:
            begun.append(statement)
            yield statement

    try:
        inserts = main.prepare(noted())
        begun.clear()
        inserts.explain()
    except (Py4JJavaError, JavaException) as error:
        messages = _messages(error)
        refused = begun[-1] if begun else _culprit(inserts, statements)
        return _told(messages, _creation(messages, statements) or refused)
    return {}


def _messages(error: Any) -> list[str]:
    """Those of all its causes, the innermost last."""
    messages, cause = [], getattr(error, "java_exception", None)
    while cause is not None:
        messages.append(str(cause.getMessage() or cause.toString()))
        cause = cause.getCause()
    return messages or [str(error).partition("\n\tat ")[0]]


def _creation(messages: Sequence[str], statements: Sequence[str]) -> str | None:
    """The statement whose WITH (...) is wrong, which Flink sees when the table is first used."""
    tables = {found[1] for message in messages if (found := _TABLE.match(message))}
    created = ((_CREATES.match(statement), statement) for statement in statements)
    return next((text for found, text in created if found and found[2] in tables), None)


def _culprit(inserts: Any, statements: Sequence[str]) -> str:
    """The first statement that cannot be planned by itself, when only all together were refused."""
    tables = inserts._t_env
    for statement in statements:
        created = _CREATES.match(statement)
        is_view = created is not None and created[1].upper() == "VIEW"
        if not is_view and not statement.lstrip().upper().startswith("INSERT"):
            continue
        try:
            tables.explain_sql(f"SELECT * FROM `{created[2]}`" if created else statement)
        except Exception:
            return statement
    return ""


def _told(messages: Sequence[str], statement: str) -> dict[str, Any]:
    places = [found for message in messages if (found := _PLACE.search(message))]
    reason = " ".join(_FURTHER.sub("", messages[-1]).split())
    verdict: dict[str, Any] = {"reason": reason[:LONGEST].rstrip(".")}
    if places:
        verdict.update(line=int(places[0][1]), column=int(places[0][2]))
    elif statement:
        verdict["line"] = len(statement) - len(statement.lstrip("\n")) + 1
    return verdict


def main() -> None:
    """Plan the program of the current folder."""
    temporary, *jars = map(Path, sys.argv[1:])
    groups = json.load(sys.stdin)
    prepare(temporary, jars)
    print(json.dumps(plan(groups)))


def prepare(temporary: Path, jars: Sequence[Path]) -> None:
    """Have a Flink and the current folder's main.py for `plan`; ends the process without Flink."""
    sys.path.insert(0, os.getcwd())
    os.environ["PYFLINK_GATEWAY_PORT"] = str(_gateway(temporary, jars))
    from pyflink.java_gateway import get_gateway

    # Whatever comes of this says nothing about the program.
    get_gateway()


def _gateway(temporary: Path, jars: Sequence[Path]) -> int:
    """The port of a JVM for PyFlink that ends with this process.

    PyFlink's own would not share classes (jvm.py), and takes nearly twice the time.
    """
    home, answer = jvm.flink_home(), temporary / "gateway"
    logging = home / "conf" / "log4j-cli.properties"
    options = [f"-Dlog4j.configurationFile={logging}", f"-Dlog.file={temporary / 'log'}"]
    server = subprocess.Popen(
        jvm.command(GATEWAY, temporary, options, further=[jvm.python_jar(), *jars]),
        env={
            **os.environ,
            **jvm.folders(home / "conf", temporary),
            "_PYFLINK_CONN_INFO_PATH": str(answer),
        },
        # It ends when this does.
        stdin=subprocess.PIPE,
    )
    while not answer.exists():
        if server.poll() is not None:
            sys.exit(1)
        time.sleep(0.05)
    return int.from_bytes(answer.read_bytes()[:4], "big")
