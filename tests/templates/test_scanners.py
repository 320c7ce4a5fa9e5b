"""What scanners say against the templates is mended, or waived beside the resource with a reason.

They look at the templates as somebody deploys them who asks for the most: with a key, an access log
and a year of logs, all of which are parameters. A scanner reads no `!If`, so filled in is also how
it sees the most: what is conditional is there as well.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scanners
from filled_templates import filled
from repository import EXAMPLES
from scanners import Finding, Scanners
from template_trees import FOLDER, TREES, Tree

GIVEN = {
    "KmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/of-the-customer",
    "AccessLogBucket": "access-logs",
    "AlarmEmail": "somebody@example.com",
    "RevenueAlarm": "anomaly",
    "LogRetentionDays": 365,
}
PUBLIC = "public.json"
ALL = [
    *TREES,
    *(Tree(path.stem, path.read_text("utf-8")) for path in sorted(EXAMPLES.rglob("*.yaml"))),
]


@pytest.fixture(scope="module")
def installed() -> Scanners:
    return scanners.installed()


def written(trees: list[Tree], folder: Path) -> Path:
    """The folder of the templates, filled in and without what they waive."""
    for tree in trees:
        data = filled(tree, GIVEN).data
        for resource in data["Resources"].values():
            resource.pop("Metadata", None)
        (folder / f"{tree.name}.json").write_text(json.dumps(data))
    return folder


def public(tree: Tree) -> Tree:
    """The template, with buckets that are open to the world."""
    data: dict[str, Any] = json.loads(json.dumps(tree.data))
    for resource in data["Resources"].values():
        if resource["Type"] == "AWS::S3::Bucket":
            del resource["Properties"]["PublicAccessBlockConfiguration"]
            resource["Properties"]["AccessControl"] = "PublicRead"
    return Tree(Path(PUBLIC).stem, json.dumps(data))


def waived(scanner: str) -> Iterator[Finding]:
    for tree in ALL:
        for name, resource in tree.resources().items():
            metadata = resource.get("Metadata", {})
            if scanner == "checkov":
                rules = [one["id"] for one in metadata.get("checkov", {}).get("skip", [])]
            else:
                rules = metadata.get("guard", {}).get("SuppressedRules", [])
            for rule in rules:
                yield Finding(f"{tree.name}.json", name, rule)


@pytest.fixture(scope="module", params=["checkov", "guard"])
def scanner(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All templates, and one that is open to the world."""
    (store,) = (tree for tree in TREES if tree.name == "data-store")
    return written([*ALL, public(store)], tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="module")
def by_checkov(
    installed: Scanners, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> set[Finding]:
    """What checkov, which takes seconds to start, says of these and of the files as they are."""
    both = tmp_path_factory.mktemp("both")
    for one in (folder, FOLDER, EXAMPLES):
        shutil.copytree(one, both / one.name)
    return installed.checkov(both)


@pytest.fixture(scope="module")
def found(
    request: pytest.FixtureRequest, installed: Scanners, scanner: str, folder: Path
) -> set[Finding]:
    """What the scanner says of the templates that are filled in."""
    if scanner == "guard":
        return installed.guard(folder)
    return {one for one in request.getfixturevalue("by_checkov") if one.file.endswith(".json")}


@pytest.mark.tools
def test_what_is_found_is_waived_and_nothing_else_is(found: set[Finding], scanner: str) -> None:
    waivers = list(waived(scanner))
    assert len(ALL) > len(TREES)
    assert waivers
    assert sorted(one for one in found if one.file != PUBLIC) == sorted(waivers)


@pytest.mark.tools
def test_a_public_bucket_is_found(found: set[Finding], scanner: str) -> None:
    known = {(one.resource, one.rule) for one in waived(scanner)}
    of_it = {one for one in found if one.file == PUBLIC}
    assert {one.resource for one in of_it if (one.resource, one.rule) not in known} == {"Bucket"}


def test_every_waiver_has_a_reason() -> None:
    for tree in ALL:
        for resource in tree.resources().values():
            for one in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
                assert len(one["comment"].split()) > 3, one
        for line in (line for line in tree.lines if line.strip().endswith("_check")):
            pytest.fail(f"{tree.name}: {line.strip()} says no reason")
        for line in (line for line in tree.lines if "SuppressedRules: [" in line):
            assert len(line.partition("]")[2].partition("#")[2].split()) > 2, line


@pytest.mark.tools
def test_anybody_who_runs_checkov_on_the_templates_is_content(by_checkov: set[Finding]) -> None:
    assert not [one for one in by_checkov if not one.file.endswith(".json")]
