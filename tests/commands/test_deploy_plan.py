"""`deploy --plan`, --drift, --tags, protection and parameter files, as a person uses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

import command_line
from small_projects import (
    AFTER_FAILING,
    FAILING,
    SmallProject,
    empty_project,
    queue_project,
)

if TYPE_CHECKING:
    from shared_aws import TestAws


@dataclass(frozen=True)
class Deployed:
    aws: TestAws
    name: str
    sources: SmallProject

    def deploy(self, *arguments: str) -> CompletedProcess[str]:
        options = (*self.sources.options, "--project", self.name)
        return command_line.run(self.aws.environment, "deploy", *options, *arguments)

    def stack(self, name: str) -> dict[str, Any]:
        answer = self.aws.client("cloudformation").describe_stacks(StackName=f"{self.name}-{name}")
        found: dict[str, Any] = answer["Stacks"][0]
        return found

    def tags(self, name: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.stack(name)["Tags"]}

    def leftovers(self) -> list[str]:
        """Stacks without anything in them, and change sets that nobody executed."""
        cloudformation = self.aws.client("cloudformation")
        stacks = [
            stack
            for stack in cloudformation.describe_stacks()["Stacks"]
            if stack["StackName"].startswith(f"{self.name}-")
        ]
        shells = [s["StackName"] for s in stacks if s["StackStatus"] == "REVIEW_IN_PROGRESS"]
        waiting = [
            summary["ChangeSetName"]
            for stack in stacks
            for summary in cloudformation.list_change_sets(StackName=stack["StackName"])[
                "Summaries"
            ]
            if summary["ExecutionStatus"] != "EXECUTE_COMPLETE"
        ]
        return shells + waiting


def project(aws: TestAws, folder: Path) -> Deployed:
    return Deployed(aws, f"plan-{uuid4().hex[:8]}", queue_project(folder))


@pytest.fixture(scope="module")
def deployed(local_aws: TestAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    made = project(local_aws, tmp_path_factory.mktemp("deployed"))
    assert made.deploy().returncode == 0
    yield made
    command_line.run(local_aws.environment, "destroy", "--yes", "--project", made.name)


def test_the_plan_of_a_new_project_lists_what_is_created_and_makes_nothing(
    local_aws: TestAws, tmp_path: Path
) -> None:
    new = project(local_aws, tmp_path)
    planned = new.deploy("--plan")
    assert planned.returncode == 0, planned.stderr
    assert f"project {new.name} in account 000000000000, region us-east-1" in planned.stdout
    assert "  +  Queue  AWS::SQS::Queue" in planned.stdout
    assert planned.stdout.endswith("+ 3 resources to create, 0 of 3 stacks unchanged\n")
    stacks = local_aws.client("cloudformation").describe_stacks()["Stacks"]
    assert not [stack for stack in stacks if stack["StackName"].startswith(new.name)]


def test_a_plan_shows_the_property_that_changes_and_leaves_no_change_set(
    deployed: Deployed,
) -> None:
    planned = deployed.deploy("--plan", "--parameter-overrides", "Patience=40")
    assert planned.returncode == 0, planned.stderr
    assert f"{deployed.name}-queue  update" in planned.stdout
    assert "parameter Patience: 30 → 40" in planned.stdout
    assert "  ~  Queue  AWS::SQS::Queue\n      VisibilityTimeout" in planned.stdout
    assert "2 of 3 stacks unchanged" in planned.stdout
    assert deployed.leftovers() == []
    parameters = deployed.stack("queue")["Parameters"]
    assert {"ParameterKey": "Patience", "ParameterValue": "30"} in parameters


def test_the_exit_code_of_a_plan_tells_whether_there_are_changes(deployed: Deployed) -> None:
    assert deployed.deploy("--plan", "--exit-code").returncode == 0
    assert deployed.deploy("--dry-run", "--exit-code", "-p", "Patience=40").returncode == 3
    assert deployed.deploy("--exit-code").returncode == 2


def test_a_plan_as_json_has_account_region_and_every_stack(deployed: Deployed) -> None:
    found = json.loads(deployed.deploy("--plan", "--output=json", "-p", "Patience=40").stdout)
    assert (found["account"], found["region"]) == ("000000000000", "us-east-1")
    fates = {stack["template"]: stack["fate"] for stack in found["stacks"]}
    assert fates == {"artifacts": "unchanged", "queue": "update", "alarm": "unchanged"}
    [change] = found["stacks"][1]["resources"]
    assert (change["action"], change["logical_id"]) == ("update", "Queue")


def test_tags_are_put_on_and_later_deploys_keep_them(deployed: Deployed) -> None:
    assert deployed.deploy("--tags", "team=stores").returncode == 0
    assert deployed.tags("alarm")["team"] == "stores"
    assert "Nothing changed" in deployed.deploy().stderr
    assert deployed.tags("alarm")["team"] == "stores"


def test_termination_protection_is_switched_on_and_off(deployed: Deployed) -> None:
    assert deployed.deploy("--termination-protection").returncode == 0
    assert deployed.stack("alarm")["EnableTerminationProtection"] is True
    assert deployed.deploy().returncode == 0
    assert deployed.stack("alarm")["EnableTerminationProtection"] is True
    assert deployed.deploy("--no-termination-protection").returncode == 0
    assert deployed.stack("alarm")["EnableTerminationProtection"] is False


@pytest.mark.parametrize(
    "content",
    [
        {"Patience": "41"},
        {"Parameters": {"Patience": 41}, "Tags": {}},
        [{"ParameterKey": "Patience", "ParameterValue": "41"}],
    ],
)
def test_parameters_come_out_of_a_file_in_each_form(
    content: Any, deployed: Deployed, tmp_path: Path
) -> None:
    path = tmp_path / "parameters.json"
    path.write_text(json.dumps(content))
    planned = deployed.deploy("--plan", "--parameter-overrides", f"file://{path}")
    assert "parameter Patience: 30 → 41" in planned.stdout, planned.stderr


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("Patience", "neither NAME=VALUE nor a file"),
        ("=3", "neither NAME=VALUE nor a file"),
        ("no-such-file.json", "No such file"),
    ],
)
def test_a_wrong_parameter_is_a_usage_error(value: str, reason: str, deployed: Deployed) -> None:
    refused = deployed.deploy("--parameter-overrides", value)
    assert refused.returncode == 2
    assert reason in refused.stderr


def test_a_file_that_holds_no_parameters_is_a_usage_error(
    deployed: Deployed, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text('["Patience"]')
    refused = deployed.deploy("-p", str(path))
    assert refused.returncode == 2
    assert "has no parameters" in refused.stderr


def test_skip_without_recover_is_a_usage_error(deployed: Deployed) -> None:
    assert deployed.deploy("--skip", "Queue").returncode == 2


def test_drift_is_shown_and_stops_the_deploy(local_aws: TestAws, tmp_path: Path) -> None:
    drifting = project(local_aws, tmp_path)
    assert drifting.deploy().returncode == 0
    assert drifting.deploy("--drift").returncode == 0
    sqs, url = local_aws.client("sqs"), _queue_url(drifting)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    found = drifting.deploy("--drift", "-p", "Patience=50")
    assert found.returncode == 3
    assert "VisibilityTimeout" in found.stdout
    assert "77" in found.stdout
    assert "nothing was deployed" in found.stderr
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "77"


def _queue_url(deployed: Deployed) -> str:
    resource = deployed.aws.client("cloudformation").describe_stack_resource(
        StackName=f"{deployed.name}-queue", LogicalResourceId="Queue"
    )
    return str(resource["StackResourceDetail"]["PhysicalResourceId"])


def test_a_deploy_as_ndjson_is_plan_events_outputs_and_result(
    local_aws: TestAws, tmp_path: Path
) -> None:
    new = project(local_aws, tmp_path)
    records = [json.loads(line) for line in new.deploy("--output=ndjson").stdout.splitlines()]
    assert {record["version"] for record in records} == {1}
    times = [datetime.fromisoformat(record["time"]) for record in records]
    assert times == sorted(times)
    kinds = [record["type"] for record in records]
    assert kinds == ["plan", *["event"] * (len(kinds) - 3), "outputs", "result"]
    planned = {stack["template"]: stack["parents"] for stack in records[0]["stacks"]}
    assert planned == {"artifacts": [], "queue": ["artifacts"], "alarm": ["queue"]}
    assert records[-1]["status"] == "succeeded"
    assert records[-1]["outcomes"] == {"created": 3}
    statuses = [r["status"] for r in records if r.get("resource") == "Queue"]
    assert statuses == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


def test_a_failed_deploy_as_ndjson_ends_with_the_root_cause(
    local_aws: TestAws, tmp_path: Path
) -> None:
    failing = Deployed(local_aws, f"plan-{uuid4().hex[:8]}", empty_project(tmp_path))
    path = failing.sources.template("failing", FAILING)
    failing.sources.template("after", AFTER_FAILING)
    answer = failing.deploy("--output=ndjson")
    assert answer.returncode == 1
    result = json.loads(answer.stdout.splitlines()[-1])
    assert (result["type"], result["status"]) == ("result", "failed")
    assert result["outcomes"] == {"failed": 1, "skipped": 1}
    cause = result["error"]["root_cause"]
    assert cause["stack"] == f"{failing.name}-failing"
    assert cause["logical_id"] == "Signal"
    assert cause["type"] == "AWS::CloudFormation::WaitCondition"
    assert cause["reason"].startswith("CREATE_FAILED")
    assert (cause["file"], cause["line"]) == (str(path), 4)


# One KPU is for four subtasks, at $0.11 an hour.
@pytest.mark.parametrize(("parallelism", "cost"), [("0", "0.253"), ("8", "0.363")])
def test_the_plan_of_the_real_system_tells_its_cost_by_the_shards_asked_for(
    local_aws: TestAws, parallelism: str, cost: str
) -> None:
    name = f"plan-{uuid4().hex[:8]}"
    given = ("-p", "ShardCount=2", "-p", f"Parallelism={parallelism}")
    planned = command_line.run(local_aws.environment, "deploy", "--plan", "--project", name, *given)
    assert f"On AWS it costs about ${cost} an hour while the analytics runs" in planned.stdout


SECRET = """\
Parameters:
  Password: {Type: String, NoEcho: true}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {Tags: [{Key: password, Value: !Ref Password}]}
"""


@pytest.mark.parametrize("form", ["table", "json", "ndjson"])
def test_a_secret_is_nowhere_to_be_seen(local_aws: TestAws, tmp_path: Path, form: str) -> None:
    made = Deployed(local_aws, f"secret-{uuid4().hex[:8]}", empty_project(tmp_path))
    made.sources.template("topic", SECRET)
    said = [
        made.deploy(*arguments, f"--output={form}")
        for arguments in (
            ("-pPassword=hunter2",),
            ("--plan", "-pPassword=correct-horse"),
            ("-pPassword=correct-horse",),
        )
    ]
    assert [one.returncode for one in said] == [0, 0, 0]
    for one in said:
        assert "hunter2" not in one.stdout + one.stderr
        assert "correct-horse" not in one.stdout + one.stderr
    assert "****" in said[1].stdout
