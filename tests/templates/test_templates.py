"""The templates of the package: their form, their words, and what holds them together."""

from __future__ import annotations

import re
from typing import Any

import pytest

from interface import INTERFACE
from miztiik_events.cloudformation import template_folder
from miztiik_events.deploy import bundle, jar
from miztiik_events.deploy.wiring import Code, Default, wire
from template_trees import FUNCTIONS, TREES, Tree

SECTIONS = [
    *("AWSTemplateFormatVersion", "Description", "Parameters", "Conditions", "Resources"),
    "Outputs",
]
PARAMETER_KEYS = [
    *("Type", "Description", "Default", "AllowedPattern", "AllowedValues", "MinLength"),
    *("MaxLength", "MinValue", "MaxValue", "ConstraintDescription"),
]
CONSTRAINTS = set(PARAMETER_KEYS[3:-1])
REGION = re.compile(r"\b(?:us|eu|ap|sa|ca|me|af|il|mx|cn)-(?:gov-)?[a-z]+-\d\b")
# As it is put in, or as an AllowedPattern takes any.
PARTITIONS = {"${AWS::Partition}", r"[\w-]+"}
ACCOUNT = re.compile(r"(?<![\d.])\d{12}(?!\d)")


def every(trees: list[Tree]) -> Any:
    return pytest.mark.parametrize("tree", trees, ids=lambda tree: tree.name)


def test_they_load_and_fit_together() -> None:
    loaded = template_folder.load_all()
    assert [one.name for one in loaded] == [tree.name for tree in TREES]
    steps = wire(loaded, bundle.bundles())
    assert len(steps) == len(TREES) >= 8
    # Each function is the code of one stack; that of the analytics runs a second time.
    functions = [function for step in steps for function in step.functions]
    assert sorted(functions) == sorted(["analytics", *bundle.bundles()])
    sources = [source for step in steps for source in step.sources.values()]
    assert any(isinstance(source, Code) for source in sources)
    assert any(isinstance(source, Default) for source in sources)


def test_each_function_has_the_template_of_its_name() -> None:
    names = {tree.name for tree in TREES if f"{tree.name.capitalize()}Code" in tree.parameters}
    assert names == bundle.bundles().keys()


def test_the_outputs_that_others_rely_on_are_there() -> None:
    assert {name for one in template_folder.load_all() for name in one.outputs} >= INTERFACE


@every(TREES)
def test_the_sections_stand_in_the_order_of_the_style(tree: Tree) -> None:
    found = list(tree.data)
    assert found == [name for name in SECTIONS if name in found]
    assert {"AWSTemplateFormatVersion", "Description", "Resources", "Outputs"} <= set(found)
    assert tree.data["AWSTemplateFormatVersion"] == "2010-09-09"


@every(TREES)
def test_the_description_tells_what_the_stack_is_for(tree: Tree) -> None:
    thing, _, purpose = tree.data["Description"].partition(": ")
    assert thing == tree.name.replace("-", " ").capitalize()
    assert len(purpose.split()) > 3


@every([tree for tree in TREES if tree.parameters])
def test_every_parameter_is_described_in_a_sentence(tree: Tree) -> None:
    for name, parameter in tree.parameters.items():
        assert re.fullmatch(r"[A-Z].*\.", parameter["Description"]), name
        keys = list(parameter)
        assert keys == [key for key in PARAMETER_KEYS if key in keys], name


@every([tree for tree in TREES if tree.parameters])
def test_a_constraint_says_what_is_allowed(tree: Tree) -> None:
    for name, parameter in tree.parameters.items():
        told = parameter.get("ConstraintDescription", "")
        assert bool(CONSTRAINTS & parameter.keys()) == bool(told), name
        # CloudFormation puts the parameter's name before it.
        assert not told or re.fullmatch(r"must be .*\.", told), name
        for bound in ("MinValue", "MaxValue"):
            assert str(parameter.get(bound, "")) in told, name


@every([tree for tree in TREES if tree.parameters])
def test_a_default_keeps_its_own_constraints(tree: Tree) -> None:
    for name, parameter in tree.parameters.items():
        default = parameter.get("Default")
        if default is None:
            continue
        assert default in parameter.get("AllowedValues", [default]), name
        assert re.search(parameter.get("AllowedPattern", ""), str(default)), name
        if parameter["Type"] == "Number":
            most = parameter.get("MaxValue", default)
            assert parameter.get("MinValue", default) <= default <= most, name


@every(TREES)
def test_every_output_is_described(tree: Tree) -> None:
    for name, output in tree.data["Outputs"].items():
        assert list(output)[:2] == ["Description", "Value"], name
        assert re.fullmatch(r"[A-Z].*\.", output["Description"]), name
        assert "Export" not in output, name


@every(TREES)
def test_it_fits_every_account_region_and_partition(tree: Tree) -> None:
    assert not REGION.search(tree.body)
    assert not ACCOUNT.search(tree.body)
    assert set(re.findall(r"arn:(\$\{AWS::Partition\}|[^:\s]+):", tree.body)) <= PARTITIONS


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(FUNCTIONS.rglob("*.*")) if path.suffix in (".py", ".sql")],
    ids=lambda path: str(path.relative_to(FUNCTIONS)),
)
def test_code_fits_every_account_region_and_partition(path: Any) -> None:
    text = path.read_text("utf-8")
    assert not REGION.search(text)
    assert not ACCOUNT.search(text)
    assert "arn:aws" not in text


@every(TREES)
def test_a_resource_says_what_becomes_of_its_data(tree: Tree) -> None:
    keeps = (
        *("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Kinesis::Stream"),
        "AWS::Logs::LogGroup",
        "AWS::Events::Archive",
    )
    for name, resource in tree.resources().items():
        policies = {"DeletionPolicy", "UpdateReplacePolicy"}
        assert (resource["Type"] in keeps) == bool(policies & resource.keys()), name
        assert not policies & resource.keys() or policies <= resource.keys(), name


def property_groups() -> dict[str, dict[str, Any]]:
    analytics = next(tree for tree in TREES if tree.name == "analytics")
    (application,) = analytics.properties("AWS::KinesisAnalyticsV2::Application").values()
    configuration = application["ApplicationConfiguration"]
    groups = configuration["EnvironmentProperties"]["PropertyGroups"]
    return {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}


def test_the_application_gives_windows_sql_every_property_and_no_other() -> None:
    text = (FUNCTIONS / "analytics" / "windows.sql").read_text("utf-8")
    program = re.sub(r"--.*", "", text)
    used = set(re.findall(r"\$\{([^}]+)\}", program))
    groups = property_groups()
    groups.pop("kinesis.analytics.flink.run.options")
    whole = {name for name in used if name in groups}
    given = whole | {
        f"{group}.{key}" for group, keys in groups.items() if group not in whole for key in keys
    }
    assert whole
    assert used == given


def test_the_application_runs_files_that_its_zip_has() -> None:
    options = property_groups()["kinesis.analytics.flink.run.options"]
    packaged = dict(bundle.bundles()["analytics"].sources)
    assert options["python"] in packaged
    assert jar.POM in packaged
    assert options["jarfile"] == f"lib/{jar.NAME}"
