"""What a function's code will lack when it runs."""

from __future__ import annotations

import json

import pytest

from miztiik_events.deploy import missing_parts
from miztiik_events.deploy.uses import Use

NODE = "nodejs22.x"


def use(runtime: str, handler: str = "", *, has_layers: bool = False) -> Use:
    return Use("a.yaml:3", "AWS::Lambda::Function", runtime, "arm64", handler, has_layers)


def told(taken: Use, *names: str, installed: str = "", package: str = "") -> list[str]:
    sources = {name: package.encode() for name in names}
    executables = ["bootstrap"]
    return list(
        missing_parts.told("functions/one", sources, [taken], installed.split(), executables)
    )


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        (use("python3.12", "handler.main"), "handler.py"),
        (use("python3.12", "src/app.main"), "src/app.py"),
        (use("python3.12", "src.app.main"), "src/app.py"),
        (use(NODE, "src/app.main"), "src/app.mjs"),
        (use("provided.al2023", "bootstrap"), "bootstrap"),
        (use("java21", "example.Handler::handle"), "lib.jar"),
        (use("python3.12"), "other.py"),
        (use("python3.12", "datadog_lambda.handler.handler", has_layers=True), "other.py"),
        (use(NODE, "/opt/nodejs/wrapper.handler"), "other.js"),
    ],
)
def test_a_handler_that_is_there_or_may_be_elsewhere_is_nothing_to_tell(
    taken: Use, name: str
) -> None:
    assert told(taken, name) == []


@pytest.mark.parametrize("installed", ["datadog-lambda", "requests datadog-lambda"])
def test_a_handler_may_be_that_of_a_package(installed: str) -> None:
    wrapped = use("python3.12", "datadog_lambda.handler.handler")
    assert told(wrapped, "app.py", installed=installed) == []


def test_a_handler_without_its_file_is_told_with_its_place() -> None:
    python, node = use("python3.12", "src/app.main"), use(NODE, "index.main")
    assert told(python, "app.py") == [
        "a.yaml:3: Handler src/app.main: there is no src/app.py in functions/one"
    ]
    assert len(told(python, "app.py", installed="requests idna")) == 1
    assert told(node, "app.js") == [
        "a.yaml:3: Handler index.main: there is no index.js in functions/one"
    ]


@pytest.mark.parametrize(
    ("named", "is_told"),
    [({"left-pad": "1"}, True), ({"@aws-sdk/client-s3": "3"}, False), ({}, False), (None, False)],
)
def test_packages_of_node_have_to_be_there(named: dict[str, str] | None, is_told: bool) -> None:
    text = json.dumps({"dependencies": named} if named is not None else [])
    messages = told(use(NODE), "package.json", package=text)
    assert [message.startswith("functions/one/package.json") for message in messages] == [
        True
    ] * is_told
    assert told(use(NODE), "package.json", "node_modules/a", package=text) == []
    assert told(use("python3.12"), "package.json", package=text) == []


def test_a_lock_file_alone_is_not_installed() -> None:
    (message,) = told(use("python3.12"), "poetry.lock")
    assert message.startswith("functions/one/poetry.lock is not installed")
    assert told(use("python3.12"), "poetry.lock", "requirements.txt") == []


@pytest.mark.parametrize(
    ("runtime", "name", "part"),
    [
        ("java21", "src/Main.java", "class or jar"),
        ("dotnet8", "Program.cs", "assembly (.dll)"),
        ("provided.al2023", "main.go", "file bootstrap"),
        ("provided.al2023", "bin/bootstrap", "file bootstrap"),
    ],
)
def test_what_was_not_built_is_told(runtime: str, name: str, part: str) -> None:
    [sentence] = told(use(runtime, "x"), name)
    assert sentence == f"a.yaml:3: {runtime}: there is no {part} in functions/one. Next: build it"
    # It may be in a layer.
    assert told(use(runtime, "x", has_layers=True), name) == []


def test_what_maven_will_build_is_not_missing() -> None:
    assert told(use("java21", "example.Handler::handle"), "pom.xml", "src/Main.java") == []


def test_a_bootstrap_has_to_be_executable() -> None:
    lacks = missing_parts.told("functions/one", {"bootstrap": b""}, [use("provided.al2023", "x")])
    [sentence] = lacks
    assert "functions/one/bootstrap is not executable. Next: chmod +x" in sentence


@pytest.mark.parametrize(
    ("project", "is_told"),
    [
        ('[project]\nname = "a"\ndependencies = ["requests"]\n', True),
        ('[project]\ndependencies = [\n  "requests",\n]\n', True),
        ('[tool.poetry.dependencies]\npython = "^3.9"\nrequests = "*"\n', True),
        ("[project]\ndependencies = []\n", False),
        ('[tool.poetry.dependencies]\npython = "^3.9"\n\n[tool.x]\na = 1\n', False),
        ("[tool.ruff]\nline-length = 100\n", False),
    ],
)
def test_what_a_project_of_python_depends_on_is_not_ignored_in_silence(
    project: str, is_told: bool
) -> None:
    lacks = told(use("python3.12"), "pyproject.toml", package=project)
    assert bool(lacks) == is_told
    assert told(use("python3.12"), "pyproject.toml", "requirements.txt", package=project) == []
