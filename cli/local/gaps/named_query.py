"""Athena's saved queries as a type of CloudFormation.

MiniStack has the queries themselves, but its CloudFormation does not know
`AWS::Athena::NamedQuery`. A change of any property makes a new one.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-namedquery.html
"""

from __future__ import annotations

import json
from typing import Any

from ..requirements import require

KIND = "AWS::Athena::NamedQuery"
_PROPERTIES = ("Database", "Description", "Name", "QueryString", "WorkGroup")
Data = dict[str, Any]


def fill() -> None:
    from ministack.services import athena
    from ministack.services.cloudformation import drift, provisioners

    require(provisioners, "_RESOURCE_HANDLERS", "_REPLACING_PROPERTIES")
    require(drift, "_DRIFT_READERS")
    require(athena, "_create_named_query", "_delete_named_query", "_named_queries")
    provisioners._RESOURCE_HANDLERS[KIND] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }
    provisioners._REPLACING_PROPERTIES[KIND] = _PROPERTIES
    drift._DRIFT_READERS[KIND] = (_read, frozenset(_PROPERTIES))


def _create(_logical_id: str, properties: Data, _stack_name: str) -> tuple[str, Data]:
    from ministack.services import athena

    _, _, body = athena._create_named_query(properties)
    name = json.loads(body)["NamedQueryId"]
    return name, {"NamedQueryId": name}


def _update(name: str, _: Data, properties: Data, stack_name: str) -> tuple[str, Data]:
    made = _create("", properties, stack_name)
    _delete(name, {})
    return made


def _delete(name: str, _: Data) -> None:
    from ministack.services import athena

    athena._delete_named_query({"NamedQueryId": name})


def _read(name: str, _: Data) -> Data | None:
    """The properties of the query as it is now; None when there is none."""
    from ministack.services import athena

    query = athena._named_queries.get(name)
    return query and {key: query[key] for key in _PROPERTIES}
