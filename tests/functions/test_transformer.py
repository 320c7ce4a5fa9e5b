"""The transformer: every record is answered once, as a line or as failed."""

from __future__ import annotations

import base64
import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_loader import NO_AWS, load

pytestmark = pytest.mark.usefixtures("no_collection")

Record = dict[str, str]


@pytest.fixture(scope="module")
def transformer() -> ModuleType:
    return load("transformer", {**NO_AWS, "SALES_METRICS": "total"})


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def records(*payloads: bytes) -> list[Record]:
    return [
        {"recordId": f"record-{number}", "data": encoded(payload)}
        for number, payload in enumerate(payloads)
    ]


def handled(function: ModuleType, given: list[Record], stream: str = "results") -> list[Record]:
    """The answer to Firehose's call with these records."""
    event = {"deliveryStreamArn": f"arn::firehose:::deliverystream/{stream}", "records": given}
    answer: dict[str, list[Record]] = function.handler(event, None)
    return answer["records"]


def transform(function: ModuleType, *payloads: bytes) -> list[Record]:
    return handled(function, records(*payloads))


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'{"revenue":8671.30}', b'{"revenue":8671.30}\n'),
        (b'{"revenue":8671.30}\n', b'{"revenue":8671.30}\n'),
        (b'{"revenue":1.10}\r\n\r\n', b'{"revenue":1.10}\n'),
        (b'{\n  "revenue": 1e2,\r\n  "orders": 3\n}\n', b'{  "revenue": 1e2,  "orders": 3}\n'),
        (b'{"note": "two\\nlines"}', b'{"note": "two\\nlines"}\n'),
        ('{"name": "Ägir\u2028"}'.encode(), '{"name": "Ägir\u2028"}\n'.encode()),
        (b'{"digits": ' + b"9" * 5000 + b"}", b'{"digits": ' + b"9" * 5000 + b"}\n"),
    ],
    ids=["plain", "one newline", "newlines", "pretty", "escaped", "unicode", "5000 digits"],
)
def test_an_object_becomes_one_line_with_its_text_unchanged(
    transformer: ModuleType, data: bytes, line: bytes
) -> None:
    [answer] = transform(transformer, data)
    assert answer == {"recordId": "record-0", "result": "Ok", "data": encoded(line)}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"[1]",
        b'"text"',
        b"null",
        b"{",
        b"{}{}",
        b'{"revenue": NaN}',
        b'{"revenue": -Infinity}',
        b'{"note": "two\nlines"}',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"deep": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_object_fails_with_the_data_that_came(
    transformer: ModuleType, data: bytes
) -> None:
    [answer] = transform(transformer, data)
    expected = {"recordId": "record-0", "result": "ProcessingFailed", "data": encoded(data)}
    assert answer == expected


def test_data_that_is_not_base64_fails_alone(transformer: ModuleType) -> None:
    broken = {"recordId": "broken", "data": "e30=!"}
    answers = handled(transformer, [broken, *records(b"{}")])
    assert [record["result"] for record in answers] == ["ProcessingFailed", "Ok"]
    assert answers[0]["data"] == "e30=!"


JSON_OBJECTS = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda children: st.lists(children) | st.dictionaries(st.text(), children),
        max_leaves=5,
    ),
)


@given(
    value=JSON_OBJECTS, indent=st.none() | st.just(2), ascii_only=st.booleans(), end=st.text("\r\n")
)
def test_any_object_keeps_its_value_on_one_line(
    transformer: ModuleType, value: dict[str, Any], indent: int | None, ascii_only: bool, end: str
) -> None:
    data = json.dumps(value, indent=indent, ensure_ascii=ascii_only) + end
    [answer] = transform(transformer, data.encode())
    line = base64.b64decode(answer["data"])
    assert answer["result"] == "Ok"
    assert line.count(b"\n") == 1
    assert line.endswith(b"}\n")
    assert json.loads(line) == json.loads(data.encode())


@given(payloads=st.lists(st.binary() | JSON_OBJECTS.map(lambda value: json.dumps(value).encode())))
def test_every_record_is_answered_once_and_in_order(
    transformer: ModuleType, payloads: list[bytes]
) -> None:
    answers = transform(transformer, *payloads)
    assert [answer["recordId"] for answer in answers] == [
        record["recordId"] for record in records(*payloads)
    ]
    for answer, payload in zip(answers, payloads):
        if answer["result"] == "Ok":
            assert isinstance(json.loads(base64.b64decode(answer["data"])), dict)
        else:
            assert answer["result"] == "ProcessingFailed"
            assert base64.b64decode(answer["data"]) == payload


def test_an_answer_stays_under_lambdas_limit_and_still_answers_every_record(
    transformer: ModuleType,
) -> None:
    large = json.dumps({"text": "x" * 1_000_000}).encode()
    answers = transform(transformer, *[large] * 7, b"{}")
    assert len(json.dumps({"records": answers})) < 6 * 1024 * 1024
    assert [answer["result"] for answer in answers] == ["Ok"] * 4 + ["ProcessingFailed"] * 3 + [
        "Ok"
    ]
    assert all("data" not in answer for answer in answers[4:7])


@given(sizes=st.lists(st.integers(0, 300), max_size=20), limit=st.integers(2000, 4000))
def test_any_answer_fits_into_any_limit(
    transformer: ModuleType, sizes: list[int], limit: int
) -> None:
    answers = [transformer.answer(record) for record in records(*[b"x" * size for size in sizes])]
    fitted = transformer.fitted(answers, limit)
    assert len(json.dumps(fitted)) <= limit
    assert [record["recordId"] for record in fitted] == [record["recordId"] for record in answers]


def test_it_transforms_wherever_it_is_told_nothing_of_metrics() -> None:
    function = load("transformer", NO_AWS)
    (done,) = function.handler({"records": records(b'{"a": 1}')}, None)["records"]
    assert done["result"] == "Ok"
