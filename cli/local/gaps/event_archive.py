"""Archives of events as a type of CloudFormation.

MiniStack has the archives themselves, but its CloudFormation does not know `AWS::Events::Archive`.
Beside that, it makes an archive of a bus that does not exist, which AWS refuses. Nothing expires in
an archive here, whatever its RetentionDays say: the AWS on this machine does not live for days.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-archive.html
"""

from __future__ import annotations

import json
from typing import Any

from ..requirements import require

KIND = "AWS::Events::Archive"
LONGEST_NAME = 48
# As the template names them, and as the API does.
_NAMES = {
    "Description": "Description",
    "EventPattern": "EventPattern",
    "KmsKeyIdentifier": "KmsKeyIdentifier",
    "RetentionDays": "RetentionDays",
    "SourceArn": "EventSourceArn",
}
# For ever, and without any of the others.
_OF_NONE = {"RetentionDays": 0}
Data = dict[str, Any]


def fill() -> None:
    from ministack.services import eventbridge
    from ministack.services.cloudformation import (
        drift,
        provisioners,
    )

    require(provisioners, "_RESOURCE_HANDLERS", "_REPLACING_PROPERTIES", "_CUSTOM_NAME_REPLACEMENT")
    require(provisioners, "_physical_name")
    require(drift, "_DRIFT_READERS")
    require(eventbridge, "_archives", "_create_archive", "_update_archive", "_delete_archive")
    require(eventbridge, "_event_bus_name_from_ref", "_event_buses", "_ensure_default_bus")
    provisioners._RESOURCE_HANDLERS[KIND] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }
    provisioners._REPLACING_PROPERTIES[KIND] = ("ArchiveName", "SourceArn")
    provisioners._CUSTOM_NAME_REPLACEMENT[KIND] = {"name": "ArchiveName"}
    drift._DRIFT_READERS[KIND] = (_read, frozenset({"ArchiveName", *_NAMES}))
    eventbridge._create_archive = _of_a_bus_that_exists(eventbridge._create_archive)


def _of_a_bus_that_exists(create_archive: Any) -> Any:
    from ministack.core.responses import error_response_json
    from ministack.services import eventbridge

    def create(data: Data) -> Any:
        eventbridge._ensure_default_bus()
        source = data.get("EventSourceArn", "")
        bus, error = eventbridge._event_bus_name_from_ref(source)
        if not error and bus not in eventbridge._event_buses:
            error = "ResourceNotFoundException", f"Event bus {bus} does not exist."
        return error_response_json(*error, 400) if error else create_archive(data)

    return create


def _create(logical_id: str, properties: Data, stack_name: str) -> tuple[str, Data]:
    from ministack.services import eventbridge
    from ministack.services.cloudformation import provisioners

    made_up = provisioners._physical_name(stack_name, logical_id, max_len=LONGEST_NAME)
    name = properties.get("ArchiveName") or made_up
    _done(eventbridge._create_archive({"ArchiveName": name, **_request(properties)}))
    return name, _attributes(name)


def _update(name: str, _: Data, properties: Data, _stack_name: str) -> tuple[str, Data]:
    from ministack.services import eventbridge

    # What the template no longer says goes back to what it is without.
    whole = {**dict.fromkeys(_NAMES.values(), ""), **_OF_NONE, **_request(properties)}
    if not whole["EventPattern"]:
        # The API takes no empty pattern.
        del whole["EventPattern"]
        eventbridge._archives[name]["EventPattern"] = ""
    _done(eventbridge._update_archive({"ArchiveName": name, **whole}))
    return name, _attributes(name)


def _delete(name: str, _: Data) -> None:
    from ministack.services import eventbridge

    if name in eventbridge._archives:
        _done(eventbridge._delete_archive({"ArchiveName": name}))


def _read(name: str, properties: Data) -> Data | None:
    """The properties of the archive as it is now; None when there is none."""
    from ministack.services import eventbridge

    archive = eventbridge._archives.get(name)
    if archive is None:
        return None
    described = {ours: archive[theirs] for ours, theirs in _NAMES.items() if archive.get(theirs)}
    pattern = described.get("EventPattern")
    if pattern and not isinstance(properties.get("EventPattern"), str):
        described["EventPattern"] = json.loads(pattern)
    return {"ArchiveName": name, **_OF_NONE, **described}


def _request(properties: Data) -> Data:
    request = {_NAMES[name]: properties[name] for name in _NAMES if name in properties}
    if isinstance(request.get("EventPattern"), dict):
        request["EventPattern"] = json.dumps(request["EventPattern"])
    if "RetentionDays" in request:
        request["RetentionDays"] = int(request["RetentionDays"])
    return request


def _attributes(name: str) -> Data:
    from ministack.services import eventbridge

    return {"ArchiveName": name, "Arn": eventbridge._archives[name]["ArchiveArn"]}


def _done(answer: tuple[int, Any, bytes]) -> None:
    """Raise what the API refused, as CloudFormation tells it."""
    status, _, body = answer
    if status >= 400:
        error = json.loads(body)
        raise ValueError(f"{error.get('__type')}: {error.get('message') or error.get('Message')}")
