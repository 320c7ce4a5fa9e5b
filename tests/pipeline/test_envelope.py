"""Records as the job reads them: Flink's own JSON format is asked, and has to say the same."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

import flink_json
from miztiik_events.audit.sales import event_time_of
from miztiik_events.pipeline.envelope import as_flink_reads, parse

pytestmark = pytest.mark.usefixtures("no_collection")

HEAD = '{"detail-type":"sales-events","time":"2026-01-01T00:00:00Z"'
SALE = '"request_id":"1","name":"x","store_id":"store_1","sales":1.50,"is_return":false'
REST = ',"category":"c","contact_me":"c"'


def event(detail: str = SALE, outer: str = "", head: str = HEAD) -> str:
    return f'{head}{outer},"detail":{{{detail}}}}}'


def with_time(time: Any) -> str:
    return event(head='{"detail-type":"sales-events","time":' + json.dumps(time))


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + ("1" if opening != "[" else "") + closing * depth


WHOLE: dict[str, str | bytes] = {
    "plain": event(),
    "a tab": event(SALE.replace("x", "a\tb")),
    "a line break": event(SALE.replace("x", "a\nb")),
    "a zero": event(SALE.replace("store_1", "store_\0")),
    "two": f"{event()}\n{event()}",
    "rubbish behind": f"{event()}}} junk",
    "zeros behind": event() + "\0" * 9,
    "space before": f" \r\n\t{event()}",
    "a mark": f"\ufeff{event()}",
    "deep arrays": event(f'{SALE},"x":{nested(1500)},"category":"after"'),
    "deep objects": event(
        outer=f',"x":{nested(99_999, chr(123) + chr(34) + "a" + chr(34) + ":", "}")}'
    ),
    "a deep name": event(SALE.replace('"x"', nested(1000))),
    "deep behind": event() + nested(3000),
    "a later key": event(f'{SALE},"sales":7'),
    "a later null": event(f'{SALE},"sales":null'),
    "too late a key": event(f'{SALE}{REST},"sales":7'),
    "too late an unknown key": event(f'{SALE}{REST},"more":7,"more":8'),
    "a later detail": event(outer=',"detail":{"request_id":"2"}'),
    "too late a detail": event(outer=',"replay-name":"r"')[:-1] + ',"detail":{"sales":2}}',
    "a later type": event(outer=',"detail-type":"heartbeat"'),
    "an escaped key": event(SALE.replace("sales", "s\\u0061les")),
    "halves of a character": event(SALE.replace("1.50", "1"))
    .encode()
    .replace(b"store_1", "store_\ud83d\ude00\ud800".encode("utf-8", "surrogatepass")),
    "a name in Latin-1": event(SALE.replace("x", "caf\u00e9")).encode("latin-1"),
    "half an escape": event(SALE.replace("x", "\\u00e")),
    "a store in Latin-1": event(SALE.replace("store_1", "store_caf\u00e9")).encode("latin-1"),
    "a byte too many": event().encode() + b"\xff",
    "half a character": event(SALE.replace("store_1", "store_\\ud800")),
    "an array for text": event(SALE.replace('"x"', "[1]")),
    "an object for a number": event(SALE.replace("1.50", '{"a":1}')),
    "text for detail": '{"detail-type":"x","detail":"text"}',
    "no detail": '{"detail-type":"x"}',
    "a long number": event(SALE.replace("1.50", "0." + "1" * 5000)),
    "another number": event(SALE.replace("1.50", "15E-1")),
    "another case": event(SALE.replace("store_id", "Store_Id")),
    "a time in an array": with_time(["x"]),
    "three times": with_time([1, None, "x"]),
}
TIMES = (
    *("2026-01-01T00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.123456789Z"),
    *("2026-01-01T24:00:00Z", "2026-01-01T24:00Z", "2026-01-01T24:00:01Z", "2026-01-01T25:00:00Z"),
    *("2016-12-31T23:59:60Z", "2026-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2026-04-31T00:00Z"),
    *("1900-02-29T00:00Z", "2000-02-30T00:00Z", "2026-01-32T00:00Z", "2026-00-01T00:00Z"),
    *(
        "0000-01-01T00:00:00Z",
        "0000-02-29T00:00:00Z",
        "-0001-12-31T00:00:00Z",
        "-0000-01-01T00:00Z",
    ),
    *("-9999-03-01T00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T24:00:00Z", "10000-01-01T00:00Z"),
    *(
        "+10000-01-01T00:00Z",
        "+2026-01-01T00:00Z",
        "+999999999-12-31T23:59:59Z",
        "+1234567890-01-01",
    ),
    *("-999999999-01-01T00:00Z", "+292278995-01-01T00:00Z", "2026-01-01T00:00:00+00:00"),
    *("2026-01-01t00:00:00z", "2026-01-01 00:00:00Z", "2026-1-1T0:0:0Z", "2026-01-01", " 2026"),
    *("٢٠٢٦-01-01T00:00:00Z", "2026-01-01T00:00:00.1234567891Z", "2026-01-01T00:00:00Z\n"),
)
BROKEN = {
    "nothing": "",
    "a word": "hello",
    "null": "null",
    "an array": f"[{event()}]",
    "no number": event(SALE.replace("1.50", "NaN")),
    "infinite": event(SALE.replace("1.50", "-Infinity")),
    "a comma too many": event(f"{SALE},"),
    "cut off": event()[:-1],
    "cut off in a text": event()[:-20],
    "a leading zero": event(SALE.replace("1.50", "01")),
    "single quotes": event().replace('"', "'"),
    "a comment": event().replace("{", "{/* x */", 1),
    "detail is an array": event().replace('"detail":{', '"detail":[{').replace("}}", "}]}"),
    "two times": with_time(["x", "y"]),
    "no time in an array": with_time([]),
    "time is an object": event(head='{"detail-type":"sales-events","time":{}'),
    "no UTF-8": event(SALE.replace("store_1", "store_X")).encode().replace(b"X", b"\xff"),
    "Latin-1": event(SALE.replace("x", "caf\u00e9 au lait")).encode("latin-1"),
    "aggregated by the KPL": b"\xf3\x89\x9a\xc2\n\x01k\x1a\x05\x08\x00\x1a\x01x" + b"0" * 16,
}


def as_bytes(record: str | bytes) -> bytes:
    return record if isinstance(record, bytes) else record.encode()


def is_as_flink_has_it(value: Any, text: str | None) -> bool:
    if isinstance(value, (list, dict)):
        return text is not None and text.startswith(("[", "{"))
    if isinstance(value, Decimal):
        return text is not None and Decimal(text) == value
    if isinstance(value, bool):
        return text == str(value).lower()
    return text == (value.encode("utf-8", "replace").decode() if value is not None else None)


def differences(record: bytes, row: dict[str, Any] | None) -> list[str]:
    """The fields that we do not read as Flink does."""
    ours = as_flink_reads(record)
    if ours is None or row is None:
        return [] if ours is row else ["whether it can be read"]
    detail, inner = ours.get("detail"), row["detail"]
    pairs = {name: (ours.get(name), row[name]) for name in ("detail-type", "replay-name")}
    if isinstance(detail, dict) and inner:
        pairs.update({name: (detail.get(name), inner[name]) for name in inner})
    wrong = [name for name, pair in pairs.items() if not is_as_flink_has_it(*pair)]
    if event_time_of(ours) != row["time"]:
        wrong.append("time")
    return [*wrong, *(["detail"] if isinstance(detail, dict) != bool(inner) else [])]


@pytest.mark.aws
def test_every_record_is_read_as_flink_reads_it() -> None:
    whole = {**WHOLE, **{time: with_time(time) for time in TIMES}}
    records = {name: as_bytes(record) for name, record in {**whole, **BROKEN}.items()}
    rows = dict(zip(records, flink_json.read(list(records.values()))))
    wrong = {name: differences(records[name], rows[name]) for name in whole}
    assert {name: fields for name, fields in wrong.items() if fields} == {}
    # What of these the job does not skip has no detail, or no store: it records it as malformed.
    counted = [name for name in BROKEN if (rows[name] or {}).get("detail", {})]
    assert [name for name in counted if rows[name]["detail"]["store_id"]] == []  # type: ignore[index]
    assert [name for name in BROKEN if as_flink_reads(records[name]) is not None] == []


def test_numbers_are_exact() -> None:
    for read in (parse, as_flink_reads):
        envelope = read(b'{"detail": {"sales": 0.10000000000000000001, "count": 7}}')
        assert envelope == {
            "detail": {"sales": Decimal("0.10000000000000000001"), "count": Decimal(7)}
        }


@pytest.mark.parametrize("record", BROKEN.values(), ids=BROKEN)
def test_what_is_no_event_is_none(record: str | bytes) -> None:
    assert as_flink_reads(as_bytes(record)) is None


def test_of_the_bus_only_whole_json_is_taken() -> None:
    assert parse(as_bytes(WHOLE["plain"])) == as_flink_reads(as_bytes(WHOLE["plain"]))
    for name in ("a tab", "two", "rubbish behind"):
        assert parse(as_bytes(WHOLE[name])) is None


def test_what_is_behind_a_deep_value_is_read() -> None:
    for name in ("deep arrays", "deep objects", "a deep name"):
        envelope = as_flink_reads(as_bytes(WHOLE[name]))
        assert envelope
        assert envelope["detail"]["store_id"] == "store_1"
    envelope = as_flink_reads(as_bytes(WHOLE["deep arrays"]))
    assert envelope
    assert envelope["detail"]["category"] == "after"
