"""The scanners of templates that the tests run: checkov, and cfn-guard with AWS's own rules.

Both are installed once, into an environment of their own inside the tests': checkov brings many
packages and another boto3. cfn-guard is a program and no package of Python; AWS ships it, with the
rules of the proactive controls of Control Tower, inside a plug-in for the CDK. Of that package
nothing is run but the program.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOV = "checkov==3.3.30"
GUARD = (
    "cdklabs-cdk-validator-cfnguard==0.0.62 "
    "--hash=sha256:83c9c9a086de47637611f414ca90200db97e7b8cd3c4a69475b5f81034bd4b45"
)
ARCHIVE = "cdklabs/cdk_validator_cfnguard/_jsii/*.jsii.tgz"
PROGRAMS = {
    ("Linux", "x86_64"): "ubuntu/x86_64",
    ("Linux", "aarch64"): "ubuntu/aarch64",
    ("Darwin", "x86_64"): "macos/x86_64",
    ("Darwin", "arm64"): "macos/aarch64",
}
RESOURCE = re.compile(r'"/Resources/(\w+)')


@dataclass(frozen=True, order=True)
class Finding:
    """What a scanner says against a resource; `rule` as the scanner calls it."""

    template: str
    resource: str
    rule: str


@dataclass(frozen=True)
class Scanners:
    folder: Path

    def checkov(self, templates: Path) -> set[Finding]:
        """The checks that fail; those that a template waives are none."""
        arguments = ["--framework", "cloudformation", "--output", "json", "--skip-download"]
        ended = self._run("bin/checkov", "--directory", templates, *arguments)
        report = json.loads(ended.stdout)
        assert report["results"]["parsing_errors"] == []
        assert report["results"]["passed_checks"], "checkov has looked at nothing"
        return {
            Finding(
                Path(one["file_path"]).stem, one["resource"].rpartition(".")[2], one["check_id"]
            )
            for one in report["results"]["failed_checks"]
        }

    def guard(self, templates: Path) -> set[Finding]:
        """The rules that are broken; AWS's rules know no waivers."""
        program = PROGRAMS[platform.system(), platform.machine()]
        rules = ["--rules", self.folder / "package" / "rules"]
        output = ["--structured", "--output-format", "json", "--show-summary", "none"]
        ended = self._run(
            f"package/bin/{program}/cfn-guard", "validate", "--data", templates, *rules, *output
        )
        reports = json.loads(ended.stdout)
        assert any(one["compliant"] for one in reports), "cfn-guard has looked at nothing"
        return {finding for one in reports for finding in _broken(one)}

    def _run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / program, *arguments], capture_output=True, text=True, timeout=300
        )


def _broken(report: Mapping[str, Any]) -> Iterator[Finding]:
    for one in report["not_compliant"]:
        for resource in set(RESOURCE.findall(json.dumps(one["Rule"]["checks"]))):
            yield Finding(Path(report["name"]).stem, resource, one["Rule"]["name"])


def installed() -> Scanners:
    """The scanners, installed when they are not there."""
    folder = Path(sys.prefix) / "scanners"
    mark = folder / "installed"
    pins = f"{CHECKOV}\n{GUARD}\n"
    if not mark.exists() or mark.read_text() != pins:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        _install(folder, CHECKOV)
        # Of the CDK, which it is made for, it needs nothing.
        _install(folder, GUARD, "--no-deps", "--ignore-requires-python")
        (archive,) = folder.glob(f"lib/*/site-packages/{ARCHIVE}")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, _wanted(packed))
        mark.write_text(pins)
    return Scanners(folder)


def _install(folder: Path, requirement: str, *options: str) -> None:
    pip = [folder / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, *options, "-r", "/dev/stdin"], input=requirement, text=True, check=True)


def _wanted(packed: tarfile.TarFile) -> Iterable[tarfile.TarInfo]:
    wanted = ("package/bin/", "package/rules/", "package/LICENSE")
    return [one for one in packed.getmembers() if one.name.startswith(wanted)]
