"""A project of small templates on the tests' AWS, and the program run for it."""

from __future__ import annotations

import os
import subprocess
import uuid
from dataclasses import dataclass, field
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import command_line
import small_projects
from miztiik_events.cloudformation import stacks
from miztiik_events.cloudformation.stacks import PROJECT_TAG, TEMPLATE_TAG
from waiting import until

if TYPE_CHECKING:
    from conftest import TestAws
    from small_projects import SmallProject

# Its stack is under way until `LiveProject.signal`, or for two minutes.
WAITING = small_projects.FAILING.replace('Timeout: "1"', 'Timeout: "120"')


@dataclass(frozen=True)
class LiveProject:
    """Its name is its own; what it leaves behind goes with the tests' AWS."""

    aws: TestAws
    sources: SmallProject
    name: str = field(default_factory=lambda: f"live-{uuid.uuid4().hex[:8]}")

    def deploy(self, *arguments: str, **variables: str) -> CompletedProcess[str]:
        return self.run("deploy", *self.sources.options, *arguments, **variables)

    def run(self, command: str, *arguments: str, **variables: str) -> CompletedProcess[str]:
        environment = {**self.aws.environment, **variables}
        return command_line.run(environment, command, "--project", self.name, *arguments)

    def start(self, command: str, *arguments: str) -> subprocess.Popen[str]:
        """The program, which runs on; `said` reads what it tells meanwhile."""
        return subprocess.Popen(
            [command_line.PROGRAM, command, "--project", self.name, "--timeout=60", *arguments],
            env={**os.environ, **command_line.NO_SETTINGS, **self.aws.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def create(self, template: str, body: str, *, tag: str | None = None) -> str:
        """Begin the creation of a stack, past the program and past its waiting; the stack's id."""
        tags = {PROJECT_TAG: tag or self.name, TEMPLATE_TAG: template}
        answer = self.aws.client("cloudformation").create_stack(
            StackName=f"{self.name}-{template}",
            TemplateBody=body,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        return str(answer["StackId"])

    @property
    def statuses(self) -> dict[str, str]:
        """The status of each stack whose name begins with the project's, by template."""
        found = stacks.every_live(self.aws.client("cloudformation"))
        ours = [stack for stack in found if stack.name.startswith(f"{self.name}-")]
        return {stack.name[len(self.name) + 1 :]: stack.status for stack in ours}

    def parameter(self, template: str, name: str) -> str:
        stack = stacks.describe(self.aws.client("cloudformation"), f"{self.name}-{template}")
        assert stack
        return stack.parameters[name]

    def event_count(self, template: str) -> int:
        """How much has ever happened in the stack."""
        pages = self.aws.client("cloudformation").get_paginator("describe_stack_events")
        found = pages.paginate(StackName=f"{self.name}-{template}")
        return sum(len(page["StackEvents"]) for page in found)

    def physical_id(self, template: str, resource: str) -> str:
        """Waits until the resource is there."""
        client = self.aws.client("cloudformation")

        def look() -> str:
            try:
                answer = client.describe_stack_resource(
                    StackName=f"{self.name}-{template}", LogicalResourceId=resource
                )
            except client.exceptions.ClientError:
                return ""
            return str(answer["StackResourceDetail"].get("PhysicalResourceId", ""))

        return until(look)

    def signal(self, template: str) -> None:
        """Give a stack of WAITING what it waits for."""
        self.physical_id(template, "Handle")
        self.aws.client("cloudformation").signal_resource(
            StackName=f"{self.name}-{template}",
            LogicalResourceId="Signal",
            UniqueId="1",
            Status="SUCCESS",
        )


def said(process: subprocess.Popen[str], text: str) -> str:
    """All that the process has told up to a line with this text; it ends by its own --timeout."""
    assert process.stderr
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"it never told {text!r}:\n{''.join(lines)}")


def versions(s3: Any, bucket: str) -> list[str]:
    """The key of each version and delete marker in the bucket."""
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    return [
        found["Key"]
        for page in pages
        for kind in ("Versions", "DeleteMarkers")
        for found in page.get(kind, [])
    ]
