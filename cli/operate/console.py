"""The addresses of a project's pages in AWS's console."""

from __future__ import annotations

from urllib.parse import quote

# By partition. https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
_HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def dashboard(partition: str, region: str, name: str) -> str:
    """A CloudWatch dashboard."""
    return f"{_home(partition, region, 'cloudwatch')}#dashboards/dashboard/{quote(name, safe='')}"


def stacks(partition: str, region: str, project: str) -> str:
    """The stacks of a project, from which every resource is a click away."""
    words = quote(f"{project}-", safe="")
    home = _home(partition, region, "cloudformation")
    return f"{home}#/stacks?filteringStatus=active&filteringText={words}"


def _home(partition: str, region: str, service: str) -> str:
    host = _HOSTS.get(partition, _HOSTS["aws"])
    return f"https://{host}/{service}/home?region={quote(region)}"
