"""The templates of the package, deployed and destroyed: what comes about, and that nothing stays.

One story is told, and the tests look at how it went: deploy, the same again, destroy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import pytest

import command_line
from interface import INTERFACE
from miztiik_events.cloudformation import stacks, template, template_folder
from miztiik_events.commands.shared_options import LONGEST_PROJECT, PROJECT_PATTERN

if TYPE_CHECKING:
    from shared_aws import TestAws

PROJECT = "templates-whole"
SHARDS = 2
WINDOW_SECONDS = 7
CONCURRENCY = 3

# Everything that the templates make, and how to list it all: client, paginated call, path to names.
KINDS = {
    "stack": ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    "log group": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "queue": ("sqs", "list_queues", "QueueUrls", ""),
    "table": ("dynamodb", "list_tables", "TableNames", ""),
    "function": ("lambda", "list_functions", "Functions", "FunctionName"),
    "batches": ("lambda", "list_event_source_mappings", "EventSourceMappings", "FunctionArn"),
    "stream": ("kinesis", "list_streams", "StreamNames", ""),
    "rule": ("events", "list_rules", "Rules", "Name"),
    "archive": ("events", "list_archives", "Archives", "ArchiveName"),
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "topic": ("sns", "list_topics", "Topics", "TopicArn"),
    "alarm": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "dashboard": ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "application": (
        *("kinesisanalyticsv2", "list_applications"),
        *("ApplicationSummaries", "ApplicationName"),
    ),
}


def present(aws: TestAws) -> dict[str, list[str]]:
    """The names of everything of the project, by kind."""
    found = {kind: list(_pages(aws, *how)) for kind, how in KINDS.items()}
    found["bucket"] = [one["Name"] for one in aws.client("s3").list_buckets()["Buckets"]]
    found["bus"] = [one["Name"] for one in aws.client("events").list_event_buses()["EventBuses"]]
    deliveries = aws.client("firehose").list_delivery_streams(Limit=1000)
    found["delivery stream"] = deliveries["DeliveryStreamNames"]
    return {kind: [name for name in names if PROJECT in name] for kind, names in found.items()}


def _pages(aws: TestAws, service: str, call: str, entries: str, name: str) -> Iterator[str]:
    client = aws.client(service)
    if client.can_paginate(call):
        pages: Any = client.get_paginator(call).paginate()
    else:
        pages = [getattr(client, call)()]
    for page in pages:
        yield from (one[name] if name else one for one in page.get(entries, []))


@dataclass(frozen=True)
class Story:
    deployed: CompletedProcess[str]
    again: CompletedProcess[str]
    destroyed: CompletedProcess[str]
    outputs: Mapping[str, str]
    stacks: Mapping[str, stacks.Stack]
    application: Mapping[str, Any]
    shards: int
    rules: Sequence[str]
    scaling: Sequence[Mapping[str, Any]]
    before: Mapping[str, list[str]]
    after: Mapping[str, list[str]]


@pytest.fixture(scope="module")
def story(local_aws: TestAws) -> Story:
    def run(*arguments: str) -> CompletedProcess[str]:
        return command_line.run(local_aws.environment, *arguments, "--project", PROJECT)

    flink, kinesis = local_aws.client("kinesisanalyticsv2"), local_aws.client("kinesis")
    asked = {
        "ShardCount": SHARDS,
        "WindowSeconds": WINDOW_SECONDS,
        "ConsumerConcurrency": CONCURRENCY,
    }
    options = [f"-p{name}={value}" for name, value in asked.items()]
    deployed = run("deploy", "--output=json", *options)
    assert deployed.returncode == 0, deployed.stderr
    outputs = json.loads(deployed.stdout)
    again = run("deploy")
    live = stacks.of_project(local_aws.client("cloudformation"), PROJECT)
    name = outputs["AnalyticsApplicationName"]
    application = flink.describe_application(ApplicationName=name)["ApplicationDetail"]
    shards = kinesis.list_shards(StreamName=outputs["SalesStreamName"])["Shards"]
    rules = local_aws.client("events").list_rules(EventBusName=outputs["EventBusName"])["Rules"]
    mappings = local_aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    scaling = [one["ScalingConfig"] for one in mappings if PROJECT in one["FunctionArn"]]
    before = present(local_aws)
    destroyed = run("destroy", "--yes")
    return Story(
        *(deployed, again, destroyed, outputs, live, application, len(shards)),
        *([rule["Name"] for rule in rules], scaling),
        *(before, present(local_aws)),
    )


@pytest.mark.parametrize("name", template.names())
def test_each_template_deploys(story: Story, name: str) -> None:
    stack = story.stacks[f"{PROJECT}-{name}"]
    assert stack.status == "CREATE_COMPLETE"
    assert stack.tags == {stacks.PROJECT_TAG: PROJECT, stacks.TEMPLATE_TAG: name}
    declared = next(one for one in template_folder.load_all() if one.name == name)
    assert stack.parameters.keys() == declared.parameters.keys()
    assert stack.outputs.keys() == declared.outputs.keys()


def test_the_outputs_are_told(story: Story) -> None:
    assert story.outputs.keys() >= INTERFACE
    assert all(story.outputs.values())


def test_the_same_again_changes_nothing(story: Story) -> None:
    assert story.again.returncode == 0
    assert f"Nothing changed: {len(template.names())} stacks" in story.again.stderr


def test_the_application_has_a_subtask_for_each_shard(story: Story) -> None:
    configuration = story.application["ApplicationConfigurationDescription"]
    flink = configuration["FlinkApplicationConfigurationDescription"]
    parallelism = flink["ParallelismConfigurationDescription"]
    assert int(parallelism["Parallelism"]) == story.shards == SHARDS
    assert story.application["ApplicationStatus"] == "READY"


@pytest.mark.parametrize(
    ("template_name", "output"),
    [
        ("analytics", "AnalyticsApplicationName"),
        ("recomputation", "RecomputationApplicationName"),
    ],
)
def test_an_application_is_called_like_its_stack_and_never_twice_the_same(
    story: Story, template_name: str, output: str
) -> None:
    """Policies and keys know it by the first; by the second it may be created again at once."""
    stack = story.stacks[f"{PROJECT}-{template_name}"]
    unique = stack.id.rpartition("/")[2].partition("-")[0]
    assert len(unique) == 8
    assert story.outputs[output] == f"{stack.name}-{unique}"


def test_the_longest_project_has_applications_whose_names_fit(
    local_aws: TestAws, story: Story
) -> None:
    model = local_aws.client("kinesisanalyticsv2").meta.service_model
    most = model.shape_for("ApplicationName").metadata["max"]
    rest = len(story.outputs["RecomputationApplicationName"]) - len(PROJECT)
    longest = max(length for length in range(128) if is_project("p" * length))
    assert longest == LONGEST_PROJECT
    assert longest + rest <= most


def is_project(name: str) -> bool:
    return re.fullmatch(PROJECT_PATTERN, name) is not None


def test_a_parameter_that_was_given_reaches_the_application(story: Story) -> None:
    configuration = story.application["ApplicationConfigurationDescription"]
    groups = configuration["EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"]
    windows = next(one for one in groups if one["PropertyGroupId"] == "windows")
    assert windows["PropertyMap"]["length.seconds"] == str(WINDOW_SECONDS)


def test_each_consumer_takes_as_many_batches_at_a_time_as_it_may(story: Story) -> None:
    assert story.scaling == [{"MaximumConcurrency": CONCURRENCY}] * 2


def test_the_alarms_are_told_the_rule_of_the_sales(story: Story) -> None:
    assert story.outputs["SalesRuleName"] in story.rules
    assert "SalesRule" in story.outputs["SalesRuleName"]


def test_the_names_are_those_of_the_project(story: Story) -> None:
    """Whatever a template makes is found by `present`: what follows rests on it."""
    assert [kind for kind, names in story.before.items() if not names] == []
    assert len(story.before["stack"]) == len(template.names())


def test_after_destroy_nothing_is_left(story: Story) -> None:
    assert story.destroyed.returncode == 0, story.destroyed.stderr
    assert {kind: names for kind, names in story.after.items() if names} == {}
