"""What doctor finds: quotas beside what a project needs, the clock, what it may not look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from miztiik_events.errors import ConfigurationError
from miztiik_events.operate import doctor
from miztiik_events.operate.doctor import Finding
from stubs import Answer, Refusal, stubbed

NO_QUOTA = Refusal("get_service_quota", "NoSuchResourceException")


def quota(value: float, *, default: bool = False) -> Answer:
    operation = "get_aws_default_service_quota" if default else "get_service_quota"
    return Answer(operation, {"Quota": {"Value": value}})


@pytest.mark.parametrize(
    ("limit", "used", "new", "level"),
    [(200, 196, 4, "well"), (200, 197, 4, "wrong"), (200, 200, 0, "well")],
)
def test_shards_beyond_those_in_use_have_to_fit(
    limit: int, used: int, new: int, level: str
) -> None:
    limits = {"ShardLimit": limit, "OpenShardCount": used}
    limits |= {"OnDemandStreamCount": 0, "OnDemandStreamCountLimit": 50}
    with stubbed("kinesis", Answer("describe_limits", limits)) as kinesis:
        found = doctor.shard_quota(kinesis, new)
    assert (found.level, found.subject) == (level, "shards")
    assert found.text == f"{used} of 200 shards are in use; this project needs {new} more"
    assert ("servicequotas" in found.next_step) == (level == "wrong")


@pytest.mark.parametrize(("limit", "level"), [(8, "well"), (7, "wrong")])
def test_an_application_may_have_as_many_kpus_as_it_needs(limit: int, level: str) -> None:
    asked = {"ServiceCode": "kinesisanalytics", "QuotaCode": "L-3A88E041"}
    answer = Answer("get_service_quota", {"Quota": {"Value": float(limit)}}, asked)
    with stubbed("service-quotas", answer) as quotas:
        found = doctor.kpu_quota(quotas, 8)
    assert (found.level, found.text) == (
        level,
        f"an application may have {limit} KPUs; the largest here needs 8",
    )


def test_a_quota_that_nobody_has_changed_is_the_default() -> None:
    with stubbed("service-quotas", NO_QUOTA, quota(64.0, default=True)) as quotas:
        assert doctor.kpu_quota(quotas, 2).level == "well"


@pytest.mark.parametrize(("limit", "level"), [(10, "well"), (9, "wrong")])
def test_functions_may_run_beside_what_is_reserved(limit: int, level: str) -> None:
    settings = {
        "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": limit}
    }
    with stubbed("lambda", Answer("get_account_settings", settings)) as functions:
        found = doctor.concurrency_quota(functions, 10)
    assert found.level == level
    assert found.text == f"{limit} functions may run at once; this project needs 10"


@pytest.mark.parametrize(("shards", "level"), [(6, "well"), (7, "wrong")])
def test_the_bus_takes_what_the_stream_takes(shards: int, level: str) -> None:
    with stubbed("service-quotas", quota(600.0)) as quotas:
        found = doctor.put_events_quota(quotas, shards)
    assert found.level == level
    assert f"600 calls a second, of 10 events each; the stream takes {shards},000" in found.text


@pytest.mark.parametrize(
    ("seconds", "level", "said"),
    [
        (-30, "well", "within 30 s of AWS's"),
        (31, "warning", "clock is 31 s ahead of AWS's; from 5 min on"),
        (-120, "warning", "clock is 2 min behind AWS's"),
    ],
)
def test_a_clock_that_is_off_is_told(seconds: float, level: str, said: str) -> None:
    found = doctor.clock(seconds)
    assert found.level == level
    assert said in found.text


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (
            Refusal(
                "describe_limits",
                "AccessDeniedException",
                "User: x is not authorized to perform: kinesis:DescribeLimits on resource: *",
            ),
            "needs kinesis:DescribeLimits",
        ),
        (Refusal("describe_limits", "AccessDenied", "no"), "needs DescribeLimits"),
        (Refusal("describe_limits", "InvalidAction", "what?"), "this AWS has no DescribeLimits"),
        (
            Refusal("describe_limits", "LimitExceededException", "slow down"),
            "DescribeLimits was refused: LimitExceededException: slow down",
        ),
    ],
)
def test_what_may_not_be_looked_at_is_no_failure(refusal: Refusal, said: str) -> None:
    with stubbed("kinesis", refusal) as kinesis:
        found = doctor.looked("shards", lambda: doctor.shard_quota(kinesis, 1))
    assert found == Finding("unknown", "shards", f"could not be looked at: {said}")
    assert not found.needs_care


def test_credentials_that_are_refused_end_it() -> None:
    refusal = Refusal("describe_limits", "ExpiredTokenException")
    with stubbed("kinesis", refusal) as kinesis, pytest.raises(ConfigurationError):
        doctor.looked("shards", lambda: doctor.shard_quota(kinesis, 1))


def test_a_service_out_of_reach_hides_no_other() -> None:
    def unreachable() -> Any:
        raise EndpointConnectionError(endpoint_url="https://servicequotas.eu-west-1.amazonaws.com/")

    look: Callable[[], Finding] = unreachable
    found = doctor.looked("KPUs", look)
    assert found.level == "wrong"
    assert found.text.startswith("Could not reach https://servicequotas")
