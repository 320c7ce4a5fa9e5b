"""Whether a service that MiniStack has not is one of AWS's, known without reading them all.

MiniStack reads the models of 400 services to know, at the first call of such a service: seconds, in
which it answers nobody. `doctor` makes one, to Service Quotas. Lists of names tell most of it.
"""

from __future__ import annotations

from functools import cache

from ..requirements import require


def fill() -> None:
    from ministack.core import router

    require(router, "_is_aws_service_name")
    known = router._is_aws_service_name

    def is_aws_service_name(name: str) -> bool:
        return name in _listed() or bool(known(name))

    router._is_aws_service_name = is_aws_service_name


@cache
def _listed() -> frozenset[str]:
    """The services of botocore, and what it has endpoints of."""
    import botocore.session

    session = botocore.session.get_session()
    partitions = session.get_data("endpoints")["partitions"]
    endpoints = (name for partition in partitions for name in partition["services"])
    return frozenset([*session.get_available_services(), *endpoints])
