"""The addresses in AWS's console: in each partition, whatever the name."""

from __future__ import annotations

import pytest

from miztiik_events.operate import console


def test_a_dashboard_is_in_its_region() -> None:
    assert console.dashboard("aws", "eu-west-1", "shop-dashboard") == (
        "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#dashboards/dashboard/shop-dashboard"
    )


def test_the_stacks_are_those_of_the_project() -> None:
    assert console.stacks("aws", "eu-west-1", "shop").endswith(
        "/cloudformation/home?region=eu-west-1#/stacks?filteringStatus=active&filteringText=shop-"
    )


@pytest.mark.parametrize(
    ("partition", "host"),
    [("aws-cn", "console.amazonaws.cn"), ("aws-us-gov", "console.amazonaws-us-gov.com")],
)
def test_another_partition_has_another_console(partition: str, host: str) -> None:
    assert console.dashboard(partition, "a-b-1", "sales").startswith(f"https://{host}/")


def test_a_name_cannot_leave_its_place() -> None:
    assert console.dashboard("aws", "eu-west-1", "a/b?c#d").endswith("/dashboard/a%2Fb%3Fc%23d")
