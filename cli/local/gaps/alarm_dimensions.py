"""The dimensions of alarms.

MiniStack looks at every series of an alarm's metric, so that an alarm of one function rings for the
errors of any other, another project's too. On AWS an alarm watches the series with exactly its own
dimensions.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Dimension
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from ..requirements import require


def fill() -> None:
    from ministack.services import cloudwatch

    require(cloudwatch, "_evaluate_alarm", "_metrics", "_dims_key", "_dims_from_list")
    code = cloudwatch._evaluate_alarm.__code__

    def evaluate_alarm(alarm: dict[str, Any]) -> None:
        dimensions = cloudwatch._dims_from_list(alarm.get("Dimensions") or [])
        key = (alarm.get("Namespace"), alarm.get("MetricName"), cloudwatch._dims_key(dimensions))
        own = {key: cloudwatch._metrics.get(key, [])}
        # MiniStack's own function, which finds in its module no other series than the alarm's.
        FunctionType(code, {**vars(cloudwatch), "_metrics": own})(alarm)

    cloudwatch._evaluate_alarm = evaluate_alarm
