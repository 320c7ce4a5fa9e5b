"""What the project depends on: nothing in the functions' bundles, and no known vulnerability.

pip-audit is installed once, into an environment of its own inside the tests'. It asks OSV for
advisories. Where it cannot be reached, nothing is audited, and the run says so in its last lines.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import tool_folder
from template_trees import FUNCTIONS

PIP_AUDIT = "pip-audit==2.10.1"
OSV = "https://api.osv.dev/v1/query"
# Flink's Python package, and those that it and its Beam hold at old releases. They run on the
# developer's machine alone, bound to 127.0.0.1, and read what this project writes. The program that
# people install needs none of them, and Managed Flink brings its own.
HOLDING = {"apache-flink", "apache-beam"}
HELD = {
    *("avro-python3", "cloudpickle", "dill", "httplib2", "numpy", "pandas"),
    *("protobuf", "py4j", "pyarrow", "pydot"),
}
# The environment's own tools: `python -m venv` brings both until Python 3.12.
NO_DEPENDENCY = {"pip", "setuptools"}
BROUGHT_BY_LAMBDA = {"boto3", "botocore"}
BROUGHT_BY_FLINK = {"pyflink"}


@pytest.fixture(scope="module")
def pip_audit() -> Path:
    def install(folder: Path) -> None:
        tool_folder.pip_install(tool_folder.environment(folder), PIP_AUDIT)

    return tool_folder.installed("pip-audit", PIP_AUDIT, install) / "bin" / "pip-audit"


def audit(pip_audit: Path, url: str) -> dict[str, list[str]]:
    """The advisories on each installed package that has one; skips when nobody answers."""
    where = importlib.metadata.distribution("boto3").locate_file("")
    what = ["--path", str(where), "--skip-editable"]
    how = ["--format=json", "--progress-spinner=off", "--vulnerability-service=osv"]
    ended = subprocess.run(
        [pip_audit, *what, *how, f"--osv-url={url}"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if "ConnectionError" in ended.stderr or "ConnectTimeout" in ended.stderr:
        pytest.skip(f"NOT AUDITED: {url} cannot be reached, so nobody looked for vulnerabilities")
    report = json.loads(ended.stdout)["dependencies"]
    found = {one["name"]: [told["id"] for told in one["vulns"]] for one in report if "vulns" in one}
    assert len(found) > 50, ended.stderr
    return {name: ids for name, ids in found.items() if ids and name not in NO_DEPENDENCY}


def required_by(name: str) -> set[str]:
    """The packages that a package always asks for."""
    asked = importlib.metadata.requires(name) or ()
    return {re.split(r"[^\w.-]", one)[0] for one in asked if "extra ==" not in one}


@pytest.mark.tools
def test_what_the_project_depends_on_has_no_known_vulnerability(pip_audit: Path) -> None:
    found = audit(pip_audit, OSV)
    assert {name: ids for name, ids in found.items() if name not in HELD | HOLDING} == {}


@pytest.mark.aws
def test_what_is_left_out_of_the_audit_is_held_by_flink_and_not_asked_for_by_us() -> None:
    assert set.union(*map(required_by, HOLDING)) >= HELD
    assert not required_by("miztiik-events") & (HELD | HOLDING)


ADVISORY = {"vulns": [{"id": "TEST-1", "affected": [], "modified": "2026-01-01T00:00:00Z"}]}


@pytest.fixture
def advisories() -> Iterator[str]:
    """An address that has an advisory on click, and on nothing else."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told: Mapping[str, Any] = ADVISORY if asked["package"]["name"] == "click" else {}
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.tools
def test_a_vulnerability_is_found(pip_audit: Path, advisories: str) -> None:
    assert audit(pip_audit, advisories) == {"click": ["TEST-1"]}


def imports(source: Path) -> Iterator[str]:
    """The modules that the file imports when it runs, not those for the type checker alone."""
    for statement in ast.parse(source.read_text("utf-8")).body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                yield from (name.name.partition(".")[0] for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield (node.module or "").partition(".")[0]


def is_of_python(module: str) -> bool:
    found = importlib.util.find_spec(module)
    return found is not None and "site-packages" not in str(found.origin)


@pytest.mark.parametrize("folder", [one for one in FUNCTIONS.iterdir() if one.is_dir()])
def test_a_function_needs_nothing_but_what_its_service_brings(folder: Path) -> None:
    """So a bundle has nothing to pin. (The jar of the analytics is pinned in its pom.xml.)"""
    sources = list(folder.glob("*.py"))
    own = {source.stem for source in sources}
    brought = BROUGHT_BY_FLINK if folder.name == "analytics" else BROUGHT_BY_LAMBDA
    needed = {name for source in sources for name in imports(source)} - own - brought
    assert {name for name in needed if not is_of_python(name)} == set()
    assert not list(folder.glob("*requirements*"))
