"""What `destroy` shows before it begins."""

from __future__ import annotations

import json

from miztiik_events.commands.views.destroy import shown
from miztiik_events.destroy.inventory import BUCKET, Inventory, Resource


def of(*resources: Resource) -> Inventory:
    return Inventory("0", "r", "shop", {}, resources, (), {}, frozenset(), frozenset())


def test_a_bucket_that_no_template_names_is_listed_as_kept() -> None:
    found = of(
        Resource("shop-data", "Kept", BUCKET, "kept", is_retained=True),
        Resource("shop-data", "Other", BUCKET, "other", is_retained=False, is_in_template=False),
    )
    assert shown(found, {}, "table").splitlines()[1:] == [
        "",
        "  Kept",
        "    kept   AWS::S3::Bucket of shop-data, retained by its DeletionPolicy",
        "    other  AWS::S3::Bucket of shop-data, whose template does not name it: not emptied",
    ]
    reasons = [row["reason"] for row in json.loads(shown(found, {}, "json"))["kept"]]
    assert reasons == ["retained", "not in its template"]


def test_what_may_go_and_holds_data_is_listed_as_such() -> None:
    queue = Resource("shop-data", "Queue", "AWS::SQS::Queue", "q", False, is_in_template=False)
    assert "AWS::SQS::Queue of shop-data" in shown(of(queue), {}, "table")
    assert of(queue).data == [queue]
