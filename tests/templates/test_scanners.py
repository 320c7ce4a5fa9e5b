"""What scanners say against the templates is mended, or waived beside the resource with a reason.

They look at the templates as somebody deploys them who asks for the most: with a key, an access log
and a year of logs, all of which are parameters. A scanner reads no `!If`, so filled in is also how
it sees the most: what is conditional is there as well.
"""

from __future__ import annotations

import json
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


def waived(scanner: str) -> Iterator[Finding]:
    for tree in ALL:
        for name, resource in tree.resources().items():
            metadata = resource.get("Metadata", {})
            if scanner == "checkov":
                rules = [one["id"] for one in metadata.get("checkov", {}).get("skip", [])]
            else:
                rules = metadata.get("guard", {}).get("SuppressedRules", [])
            for rule in rules:
                yield Finding(tree.name, name, rule)


@pytest.mark.tools
@pytest.mark.parametrize("scanner", ["checkov", "guard"])
def test_what_is_found_is_waived_and_nothing_else_is(
    installed: Scanners, scanner: str, tmp_path: Path
) -> None:
    found = getattr(installed, scanner)(written(ALL, tmp_path))
    waivers = list(waived(scanner))
    assert len(ALL) > len(TREES)
    assert waivers
    assert sorted(found) == sorted(waivers)


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
def test_anybody_who_runs_checkov_on_the_templates_is_content(installed: Scanners) -> None:
    assert installed.checkov(FOLDER) == installed.checkov(EXAMPLES) == set()


def public(tree: Tree) -> Tree:
    """The template, with buckets that are open to the world."""
    data: dict[str, Any] = json.loads(json.dumps(tree.data))
    for resource in data["Resources"].values():
        if resource["Type"] == "AWS::S3::Bucket":
            del resource["Properties"]["PublicAccessBlockConfiguration"]
            resource["Properties"]["AccessControl"] = "PublicRead"
    return Tree(tree.name, json.dumps(data))


@pytest.mark.tools
@pytest.mark.parametrize("scanner", ["checkov", "guard"])
def test_a_public_bucket_is_found(installed: Scanners, scanner: str, tmp_path: Path) -> None:
    (store,) = (tree for tree in TREES if tree.name == "data-store")
    found = getattr(installed, scanner)(written([public(store)], tmp_path))
    assert {finding.resource for finding in found - set(waived(scanner))} == {"Bucket"}
