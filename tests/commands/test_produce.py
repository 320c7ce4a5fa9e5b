"""`produce`, with a function in the producer's place that answers what it was asked."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator
from decimal import Decimal
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

import command_line
import screen
from function_loader import NO_AWS, load
from miztiik_events.errors import MiztiikError
from miztiik_events.pipeline import producer

if TYPE_CHECKING:
    from shared_aws import TestAws

FUNCTION = """
import json

def handler(event, context):
    if event.get("seed") == 13:
        raise ValueError("no luck\\nwith 13")
    if event.get("seed") == 14:
        return {"statusCode": 400, "body": json.dumps({"message": {
            "status": False, "reason": "stores must be a whole number"}})}
    if event.get("seed") == 15:
        return {"hello": "world"}
    failed = 2 if event.get("seed") == 16 else 0
    return {"statusCode": 200, "body": json.dumps({"message": {
        "status": not failed, "record_count": 1170, "tot_sales": 59109.61,
        "sales_by_store": {"store_1": 8671.31, "store_2": 50438.3}, "failed_count": failed,
        "reason": "throttled", "asked": event}})}
"""
TEMPLATE = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": FUNCTION},
            },
        },
    },
    "Outputs": {"StreamDataProcessor": {"Value": {"Ref": "Function"}}},
}


class Produce:
    def __init__(self, aws: TestAws) -> None:
        self.aws = aws
        self.project = f"produce-{uuid.uuid4().hex[:8]}"

    def __call__(self, *arguments: str) -> CompletedProcess[str]:
        return command_line.run(
            self.aws.environment, "produce", "--project", self.project, *arguments
        )

    def message(self, *arguments: str) -> dict[str, Any]:
        done = self("--output=json", *arguments)
        assert done.returncode == 0, done.stderr
        message: dict[str, Any] = json.loads(done.stdout)
        return message


@pytest.fixture(scope="module")
def produce(local_aws: TestAws) -> Iterator[Produce]:
    command = Produce(local_aws)
    cloudformation, stack = local_aws.client("cloudformation"), f"{command.project}-stream"
    cloudformation.create_stack(
        StackName=stack, TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"]
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1}
    )
    yield command
    cloudformation.delete_stack(StackName=stack)


def test_only_what_was_given_is_asked_for(produce: Produce) -> None:
    assert produce.message()["asked"] == {}
    assert produce.message("--stores=3", "--duration=0", "--count=9")["asked"] == {
        "stores": 3,
        "duration_seconds": 0,
        "count": 9,
    }
    ratios = ("--rate=2.5", "--inventory-ratio=0", "--return-ratio=1", "--bad-ratio=0.5")
    assert produce.message(*ratios)["asked"] == {
        "rate": 2.5,
        "inventory_ratio": 0,
        "return_ratio": 1,
        "bad_ratio": 0.5,
    }


def test_the_table_has_the_stores_and_the_totals(produce: Produce) -> None:
    lines = [line.split() for line in produce("--output=table").stdout.splitlines()]
    assert ["store_1", "8,671.31"] in lines
    assert ["Total", "59,109.61"] in lines
    assert ["Events", "1,170"] in lines


@pytest.mark.parametrize(
    ("seed", "reason"),
    [
        (13, "no luck with 13. Next: miztiik-events logs"),
        (14, "The producer sent nothing: stores must be a whole number"),
        (15, 'gave no answer of a producer: {"hello": "world"}'),
    ],
)
def test_a_failure_is_one_line_with_its_reason(produce: Produce, seed: int, reason: str) -> None:
    done = produce(f"--seed={seed}")
    assert (done.returncode, done.stdout) == (1, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_events_that_were_not_sent_are_a_failure_after_the_answer(produce: Produce) -> None:
    done = produce("--seed=16", "--output=json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["record_count"] == 1170
    assert "2 events not sent: throttled" in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        "--stores=0",
        "--stores=1001",
        "--duration=900",
        "--rate=0",
        "--rate=1e5",
        "--count=1000001",
        "--bad-ratio=1.5",
        "--duration=0",
        "--duration=0 --count=5 --rate=2",
        "--count=5 --rate=0.001 --duration=889",
        "--until-stopped --count=5",
    ],
)
def test_what_the_producer_would_refuse_is_a_wrong_usage_before_any_call(options: str) -> None:
    # Nothing is there that could be called.
    done = command_line.run({}, "produce", *options.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert "--" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "options",
    [
        {"duration": 889.0},
        {"duration": 0.0, "count": 1_000_000},
        {"count": 889, "rate": 1.0},
        {"count": 890, "rate": 1.0},
        {"rate": 0.001},
        {"rate": 0.001, "duration": 889.0},
        {"rate": 0.0012},
        {"count": 1_000_000, "rate": 10_000.0, "duration": 0.001},
        {"count": 1_000_000},
        {"stores": 1000, "rate": 10_000.0, "duration": 889.0},
    ],
    ids=str,
)
def test_the_options_take_what_the_producer_takes(options: dict[str, Any]) -> None:
    given = [f"--{name}={value}" for name, value in options.items()]
    is_taken = command_line.run({}, "produce", *given).returncode != 2
    payload = load("producer", {**NO_AWS, "EVENT_BUS_NAME": "sales"}).payload
    request = {f"{name}_seconds" if name == "duration" else name: options[name] for name in options}
    try:
        payload.parse(request, 889.9)
        is_refused = False
    except payload.PayloadError:
        is_refused = True
    assert is_taken != is_refused


def test_help_has_the_ranges() -> None:
    shown = command_line.run({}, "produce", "--help").stdout
    for limits in ("1<=x<=1000", "0<=x<=889", "0.001<=x<=10000", "1<=x<=1000000"):
        assert limits in shown


def test_until_stopped_goes_on_and_ends_with_what_all_calls_sent(produce: Produce) -> None:
    command = ("produce", "--project", produce.project, "--until-stopped", "--seed=20")
    with screen.terminal(produce.aws.environment, *command) as terminal:
        terminal.until("Producing events: [0-9]+ s, [0-9,]+ events, [0-9]+,")
        terminal.press("\x03")
        assert terminal.end() == 0
    assert "Stopped. The last call goes on in Lambda for up to 10 s" in terminal.shown
    assert "Total    " in terminal.shown


def test_a_call_that_fails_does_not_lose_what_those_before_it_sent(produce: Produce) -> None:
    done = produce("--until-stopped", "--seed=12")
    assert done.returncode == 1
    assert "no luck with 13" in done.stderr
    assert json.loads(done.stdout)["record_count"] == 1170


def test_before_deploy_it_says_what_comes_first(local_aws: TestAws) -> None:
    done = command_line.run(local_aws.environment, "produce", "--project", "nowhere")
    assert done.returncode == 1
    assert "miztiik-events deploy --project nowhere" in done.stderr


def test_amounts_keep_every_digit(produce: Produce) -> None:
    client = produce.aws.client("lambda")
    [function] = [
        one["FunctionName"]
        for one in client.list_functions()["Functions"]
        if one["FunctionName"].startswith(produce.project)
    ]
    assert producer.invoke(client, function, {})["tot_sales"] == Decimal("59109.61")


def test_an_answer_that_does_not_arrive_says_that_events_may_have_been_sent(
    local_aws: TestAws,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = local_aws.session().client(
            "lambda",
            endpoint_url=f"http://127.0.0.1:{silent.getsockname()[1]}",
            config=producer.client_config().merge(Config(read_timeout=0.2)),
        )
        with pytest.raises(MiztiikError, match="may have produced all the same"):
            producer.invoke(client, "producer", {})
