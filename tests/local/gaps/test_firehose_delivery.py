"""Firehose's delivery to S3: the keys of the objects, the failed records, the role that acts."""

from __future__ import annotations

import base64
import json
import re
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import delivery_streams
import processor_function
import small_roles
from delivery_streams import processing
from processor_function import DROPPED, FAILED, ok
from shared_aws import TestAws
from small_roles import allow
from waiting import until

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def failures(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.decode().splitlines()]


def test_a_key_is_the_hour_the_streams_name_and_version_and_the_time_of_arrival(
    local_aws: TestAws,
) -> None:
    stream = delivery_streams.create(local_aws)
    began = int(time.time())
    stream.put(b"record")
    ended = time.time()
    (key,) = stream.drained()
    match = re.fullmatch(rf"(\d{{4}}/\d\d/\d\d/\d\d)/{stream.name}-1-(.{{19}})-{UUID}", key)
    assert match, key
    arrived = datetime.strptime(match.group(2), "%Y-%m-%d-%H-%M-%S").replace(tzinfo=timezone.utc)
    assert began <= arrived.timestamp() <= ended
    assert match.group(1) == f"{arrived:%Y/%m/%d/%H}"


def test_prefix_and_file_extension_are_part_of_the_key(local_aws: TestAws) -> None:
    prefix = "sales/day=!{timestamp:yyyy-MM-dd}/"
    stream = delivery_streams.create(local_aws, Prefix=prefix, FileExtension=".json")
    stream.put(b"record")
    (key,) = stream.drained()
    assert re.fullmatch(rf"sales/day=\d{{4}}-\d\d-\d\d/{stream.name}-1-.{{19}}-{UUID}\.json", key)


def test_the_function_gets_all_records_in_one_call_and_its_answers_are_delivered(
    local_aws: TestAws, tmp_path: Path
) -> None:
    function = processor_function.create(local_aws, tmp_path)
    stream = delivery_streams.create(local_aws, **processing(function.arn))
    records = [*(ok(f"{number}!") for number in range(100)), DROPPED]
    stream.put(*(record.encode() for record in records))
    expected = "".join(f"{number}!" for number in range(100))
    assert list(stream.drained().values()) == [expected.encode()]
    assert function.batches() == [records]


def test_records_of_a_function_that_fails_are_kept_after_four_calls(
    local_aws: TestAws, tmp_path: Path
) -> None:
    function = processor_function.create(local_aws, tmp_path)
    prefix = "bad/!{firehose:error-output-type}/"
    settings = {"ErrorOutputPrefix": prefix, **processing(function.arn)}
    stream = delivery_streams.create(local_aws, **settings)
    began = int(time.time() * 1000)
    stream.put(b"fail", b"innocent")
    arrived_by = time.time() * 1000
    ((key, content),) = stream.drained().items()
    hour = r"\d{4}/\d\d/\d\d/\d\d"
    assert re.fullmatch(rf"bad/processing-failed/{hour}/{stream.name}-1-.{{19}}-{UUID}", key), key
    assert function.batches() == [["fail", "innocent"]] * 4
    first, second = failures(content)
    assert began <= first.pop("arrivalTimestamp") <= arrived_by
    assert began <= first.pop("attemptEndingTimestamp") <= time.time() * 1000
    message = "The Lambda function was successfully invoked but it returned an error result."
    assert first == {
        "attemptsMade": 4,
        "errorCode": "Lambda.FunctionError",
        "errorMessage": message,
        "rawData": base64.b64encode(b"fail").decode(),
        "lambdaArn": function.arn,
    }
    assert base64.b64decode(second["rawData"]) == b"innocent"


def test_a_failed_record_does_not_keep_the_others_back(local_aws: TestAws, tmp_path: Path) -> None:
    function = processor_function.create(local_aws, tmp_path)
    stream = delivery_streams.create(local_aws, Prefix="good/", **processing(function.arn))
    stream.put(ok("one!").encode(), FAILED.encode(), ok("two!").encode())
    assert len(stream.drained(2)) == 2
    assert list(stream.objects("good/").values()) == [b"one!two!"]
    (content,) = stream.objects("processing-failed/").values()
    (failure,) = failures(content)
    assert base64.b64decode(failure["rawData"]) == FAILED.encode()
    assert failure["attemptsMade"] == 1


def test_the_role_of_the_destination_delivers_and_what_it_may_not_is_tried_again(
    local_aws: TestAws,
) -> None:
    role = small_roles.create(local_aws)
    stream = delivery_streams.create(local_aws, role, seconds=1)
    stream.put(b"patient")
    log = local_aws.running.folder.log
    until(lambda: f"{stream.name} could not deliver" in log.read_text())
    assert not stream.objects()
    role.may(allow("s3:PutObject", f"arn:aws:s3:::{stream.bucket}/*"))
    assert list(until(stream.objects).values()) == [b"patient"]
