"""Addresses of templates that have the bucket in the host's name.

MiniStack takes the bucket from the path alone. On AWS `https://BUCKET.s3.REGION.amazonaws.com/KEY`
is the usual form, and other tools than this one give it.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

from __future__ import annotations

import re
from typing import Any

from ..requirements import require

_HOSTED = re.compile(r"https://([^/]+)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?/(.+)")


def fill() -> None:
    from ministack.services.cloudformation import helpers

    require(helpers, "_resolve_document", "_p")
    resolve = helpers._resolve_document

    def resolve_hosted(params: dict[str, Any], body: str, url: str, label: str) -> Any:
        hosted = _HOSTED.fullmatch(helpers._p(params, url))
        if hosted:
            params = {**params, url: [f"https://s3.amazonaws.com/{hosted[1]}/{hosted[2]}"]}
        return resolve(params, body, url, label)

    helpers._resolve_document = resolve_hosted
