"""The address of an application's Flink dashboard.

MiniStack has no CreateApplicationPresignedUrl. On AWS it gives an address that signs in to Flink's
own dashboard, of a running application alone; here it is the address of that dashboard itself.
https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_CreateApplicationPresignedUrl.html
"""

from __future__ import annotations

from typing import Any

from ..requirements import require

_URL_TYPE = "FLINK_DASHBOARD_URL"


def fill() -> None:
    from ministack.core.responses import json_response
    from ministack.services import kinesisanalyticsv2 as control

    require(control, "_HANDLERS", "_applications", "_error", "_not_found")

    def presigned_url(data: dict[str, Any]) -> Any:
        record = control._applications.get(data.get("ApplicationName"))
        if record is None:
            return control._not_found(data.get("ApplicationName"))
        if data.get("UrlType") != _URL_TYPE:
            return control._error(
                "InvalidArgumentException", "A Flink application has no Zeppelin."
            )
        # Set after this is filled in.
        address = control._dataplane.dashboard(record["ApplicationARN"])
        if address is None or record["ApplicationStatus"] != "RUNNING":
            return control._error("ResourceInUseException", "The application is not running.")
        return json_response({"AuthorizedUrl": address})

    control._HANDLERS["CreateApplicationPresignedUrl"] = presigned_url
