"""Firehose's Lambda processor: what it asks of the function, and what becomes of each answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import processor_function
from miztiik_events.local.gaps import firehose_processor
from miztiik_events.local.gaps.firehose_processor import Processed, Processor, Record
from processor_function import DROPPED, FAILED, ProcessorFunction, ok
from shared_aws import TestAws

STREAM = "arn:aws:firehose:us-east-1:000000000000:deliverystream/sales"
MB = 1024 * 1024
UNREADABLE = "Lambda.JsonProcessingException"


@pytest.fixture
def function(local_aws: TestAws, tmp_path: Path) -> ProcessorFunction:
    return processor_function.create(local_aws, tmp_path)


def process(function: ProcessorFunction, *data: str, batch_bytes: int = MB) -> Processed:
    records = [
        Record(f"record-{number}", one.encode(), 1_795_532_645.678 + number)
        for number, one in enumerate(data)
    ]
    processor = Processor(function.arn, batch_bytes)
    return firehose_processor.process(function.aws.client("lambda"), processor, STREAM, records)


def codes(processed: Processed) -> list[tuple[str, int]]:
    return [(failure.code, failure.attempts) for failure in processed.failures]


def test_the_function_gets_the_event_that_firehose_sends(function: ProcessorFunction) -> None:
    process(function, "a", "b")
    (event,) = function.events()
    assert event.pop("invocationId")
    fields = ("recordId", "approximateArrivalTimestamp", "data")
    assert event.pop("records") == [
        dict(zip(fields, ("record-0", 1_795_532_645_678, "YQ=="))),
        dict(zip(fields, ("record-1", 1_795_532_646_678, "Yg=="))),
    ]
    assert event == {"deliveryStreamArn": STREAM, "region": "us-east-1"}


def test_what_is_ok_is_delivered_and_what_is_dropped_leaves_no_trace(
    function: ProcessorFunction,
) -> None:
    processed = process(function, ok("one"), DROPPED, ok("two"))
    assert processed.data == [b"one", b"two"]
    assert not processed.failures


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (FAILED, "Lambda.ProcessingFailedStatus"),
        ("{}", "Lambda.MissingRecordId"),
        ('{"result": "Ok"}', UNREADABLE),
        ('{"result": "Ok", "data": "no base64"}', UNREADABLE),
        ('{"result": "Ok", "data": 7}', UNREADABLE),
        ('{"result": "Ok", "data": "\\u00e4"}', UNREADABLE),
        ('{"result": "Okay"}', UNREADABLE),
    ],
)
def test_a_record_without_a_good_answer_fails_after_one_call(
    function: ProcessorFunction, answer: str, code: str
) -> None:
    processed = process(function, ok("one"), answer, ok("two"))
    assert processed.data == [b"one", b"two"]
    assert codes(processed) == [(code, 1)]
    assert processed.failures[0].record.data.decode() == answer
    assert processed.failures[0].message
    assert len(function.events()) == 1


@pytest.mark.parametrize(
    ("command", "code"),
    [("fail", "Lambda.FunctionError"), ("say nothing", UNREADABLE)],
)
def test_a_call_that_fails_is_made_four_times(
    function: ProcessorFunction, command: str, code: str
) -> None:
    processed = process(function, command, "a")
    assert function.batches() == [[command, "a"]] * 4
    assert not processed.data
    assert codes(processed) == [(code, 4)] * 2


def test_a_function_that_recovers_loses_nothing(function: ProcessorFunction) -> None:
    processed = process(function, "fail twice", "a")
    assert len(function.events()) == 3
    assert processed.data == [b"done", b"done"]
    assert not processed.failures


def test_a_function_that_is_not_there_fails_every_record(function: ProcessorFunction) -> None:
    function.aws.client("lambda").delete_function(FunctionName=function.arn)
    assert codes(process(function, "a")) == [("Lambda.ResourceNotFoundException", 4)]


def test_a_call_has_no_more_bytes_than_it_may_but_at_least_one_record(
    function: ProcessorFunction,
) -> None:
    process(function, "longer", "abc", "de", "f", "longest", "ghi", batch_bytes=5)
    assert function.batches() == [["longer"], ["abc", "de"], ["f"], ["longest"], ["ghi"]]


def test_a_call_has_no_more_than_ten_thousand_records(function: ProcessorFunction) -> None:
    processed = process(function, *["x"] * 10_001)
    assert [len(batch) for batch in function.batches()] == [10_000, 1]
    assert len(processed.data) == 10_001


def test_a_call_that_fails_does_not_touch_the_others(function: ProcessorFunction) -> None:
    processed = process(function, "one", "fail", "two", batch_bytes=1)
    assert processed.data == [b"done", b"done"]
    assert [failure.record.data for failure in processed.failures] == [b"fail"]


@pytest.mark.parametrize(
    ("enabled", "parameters", "processor"),
    [
        (True, {}, Processor("function", MB)),
        ("true", {"BufferSizeInMBs": "0.2"}, Processor("function", 209_715)),
        (False, {}, None),
        ("false", {}, None),
    ],
)
def test_the_processor_is_read_out_of_the_configuration(
    enabled: Any, parameters: dict[str, str], processor: Processor | None
) -> None:
    values = {"LambdaArn": "function", **parameters}
    given = [{"ParameterName": name, "ParameterValue": value} for name, value in values.items()]
    processors = [{"Type": "AppendDelimiterToRecord"}, {"Type": "Lambda", "Parameters": given}]
    processing = {"Enabled": enabled, "Processors": processors}
    found = firehose_processor.processor_of({"ProcessingConfiguration": processing})
    assert found == processor


def test_a_destination_without_processing_has_no_processor() -> None:
    assert firehose_processor.processor_of({}) is None
