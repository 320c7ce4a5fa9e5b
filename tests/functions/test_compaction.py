"""The compaction, and those who read what it wrote: sooner than the objects, and nothing else."""

from __future__ import annotations

import gzip
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from function_loader import load
from miztiik_events.pipeline import data_store
from miztiik_events.pipeline.data_store import Folder
from miztiik_events.pipeline.kept_hours import KeptHours

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from shared_aws import TestAws

PREFIX = "sales_revenue/"
NOW = datetime.now(timezone.utc)
EARLIER, LATER = (f"{PREFIX}{NOW - timedelta(days=days):%Y/%m/%d/%H}" for days in (3, 2))


@pytest.fixture
def s3(local_aws: TestAws) -> S3Client:
    """One whose events are nobody else's."""
    client: S3Client = local_aws.session().client("s3", endpoint_url=local_aws.endpoint)
    return client


@pytest.fixture
def compaction(local_aws: TestAws, bucket: str) -> ModuleType:
    function = load("compaction", {**local_aws.environment, "BUCKET": bucket})
    # Else what was written just now is looked at again.
    function.__dict__["OVERLAP"] = timedelta(0)
    return function


@pytest.fixture
def read(s3: S3Client, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    monkeypatch.setattr(data_store, "WORTH_COMPACTION", 1)
    return Reader(s3, bucket, tmp_path)


class Reader:
    """Reads what is under a prefix as on a new machine, and knows which objects it asked for."""

    def __init__(self, s3: S3Client, bucket: str, folder: Path) -> None:
        self.s3, self.bucket, self.folder = s3, bucket, folder
        self.asked: list[str] = []
        s3.meta.events.register(
            "provide-client-params.s3.GetObject",
            lambda params, **_: self.asked.append(params["Key"]),
        )

    def texts(self, prefix: str = PREFIX) -> list[str]:
        """Without what is kept, and with it; either must be what is read without any of this."""
        self.asked.clear()
        kept = KeptHours(self.folder / uuid.uuid4().hex, self.bucket)
        new = self._folder(prefix, kept).fresh()
        asked = sorted(self.asked)
        assert self._folder(prefix, kept).fresh() == new
        assert self._folder(prefix, None).fresh() == new
        self.asked = asked
        return [line.text for line in new]

    def _folder(self, prefix: str, kept: KeptHours | None) -> Folder:
        return Folder(self.s3, self.bucket, prefix, kept=kept)


def put(s3: S3Client, bucket: str, *objects: str) -> None:
    for key in objects:
        s3.put_object(Bucket=bucket, Key=key, Body=f'{{"of": "{key}"}}\né {{\n'.encode())


def compacted(hour: str) -> str:
    return f"compacted/{hour[:-3]}.json.gz"


def test_a_day_is_read_from_one_object(
    s3: S3Client, bucket: str, compaction: ModuleType, read: Reader
) -> None:
    put(s3, bucket, f"{EARLIER}/a", f"{EARLIER}/b", f"{LATER}/a", f"{LATER}/b", f"{LATER}/c")
    assert compaction.handler({}, None) == {"days": 2, "objects": 5}
    assert len(read.texts()) == 10
    assert read.asked == [compacted(EARLIER), compacted(LATER)]


def test_what_was_read_from_it_is_kept(
    s3: S3Client, bucket: str, compaction: ModuleType, read: Reader, tmp_path: Path
) -> None:
    put(s3, bucket, f"{EARLIER}/a", f"{EARLIER}/b")
    compaction.handler({}, None)
    folder = Folder(s3, bucket, PREFIX, kept=KeptHours(tmp_path / "kept", bucket))
    again = Folder(s3, bucket, PREFIX, kept=KeptHours(tmp_path / "kept", bucket))
    assert folder.fresh() == again.fresh() != []
    assert read.asked == [compacted(EARLIER)]


def test_what_is_compacted_is_not_compacted_again(
    s3: S3Client, bucket: str, compaction: ModuleType
) -> None:
    put(s3, bucket, f"{EARLIER}/a", f"{EARLIER}/b", f"{LATER}/a", f"{LATER}/b")
    compaction.handler({}, None)
    assert compaction.handler({}, None) == {"days": 0, "objects": 0}
    put(s3, bucket, f"{LATER}/c")
    assert compaction.handler({}, None) == {"days": 1, "objects": 3}


def test_what_was_compacted_before_is_not_read_again(
    s3: S3Client, bucket: str, compaction: ModuleType
) -> None:
    put(s3, bucket, f"{EARLIER}/a", f"{EARLIER}/b", f"{EARLIER}/c")
    compaction.handler({}, None)
    put(s3, bucket, f"{EARLIER}/d")
    s3.put_object(Bucket=bucket, Key=f"{EARLIER}/b", Body=b"changed")
    s3.delete_object(Bucket=bucket, Key=f"{EARLIER}/c")
    asked: list[str] = []
    compaction.client.meta.events.register(
        "provide-client-params.s3.GetObject", lambda params, **_: asked.append(params["Key"])
    )
    assert compaction.handler({}, None) == {"days": 1, "objects": 3}
    assert asked[0] == compacted(EARLIER)
    assert sorted(asked[1:]) == [f"{EARLIER}/b", f"{EARLIER}/d"]


@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b", b"no JSON", gzip.compress(b"[1]", mtime=0)])
def test_what_is_damaged_is_compacted_anew(
    s3: S3Client, bucket: str, compaction: ModuleType, read: Reader, damage: bytes
) -> None:
    put(s3, bucket, f"{EARLIER}/a", f"{EARLIER}/b")
    s3.put_object(Bucket=bucket, Key=compacted(EARLIER), Body=damage)
    put(s3, bucket, f"{EARLIER}/c")
    compaction.handler({}, None)
    assert len(read.texts()) == 6
    assert read.asked == [compacted(EARLIER)]


def test_what_was_written_while_it_was_compacted_is_looked_at_again(
    s3: S3Client, bucket: str, compaction: ModuleType
) -> None:
    put(s3, bucket, f"{EARLIER}/a", f"{EARLIER}/b")
    compaction.handler({}, None)
    compaction.__dict__["OVERLAP"] = timedelta(minutes=5)
    assert compaction.handler({}, None) == {"days": 1, "objects": 2}


def test_what_came_later_has_changed_or_is_gone_is_as_s3_lists_it(
    s3: S3Client, bucket: str, compaction: ModuleType, read: Reader
) -> None:
    put(s3, bucket, f"{EARLIER}/a", f"{EARLIER}/b", f"{EARLIER}/d")
    compaction.handler({}, None)
    s3.put_object(Bucket=bucket, Key=f"{EARLIER}/b", Body=b"{}")
    s3.delete_object(Bucket=bucket, Key=f"{EARLIER}/a")
    put(s3, bucket, f"{EARLIER}/c")
    texts = read.texts()
    assert texts[0] == "{}"
    assert not any("/a" in text for text in texts)
    assert read.asked == [compacted(EARLIER), f"{EARLIER}/b", f"{EARLIER}/c"]


@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b", b"no JSON", b"[]"])
def test_what_is_damaged_does_no_harm(
    s3: S3Client, bucket: str, compaction: ModuleType, read: Reader, damage: bytes
) -> None:
    put(s3, bucket, f"{EARLIER}/a", f"{EARLIER}/b")
    compaction.handler({}, None)
    s3.put_object(Bucket=bucket, Key=compacted(EARLIER), Body=damage)
    assert len(read.texts()) == 4
    assert read.asked == [compacted(EARLIER), f"{EARLIER}/a", f"{EARLIER}/b"]


def test_one_object_is_read_by_itself(
    s3: S3Client, bucket: str, compaction: ModuleType, read: Reader
) -> None:
    put(s3, bucket, f"{EARLIER}/a", f"{PREFIX}readme", f"{PREFIX}about")
    assert compaction.handler({}, None) == {"days": 0, "objects": 0}
    assert len(read.texts()) == 6
    assert read.asked == [f"{EARLIER}/a", f"{PREFIX}about", f"{PREFIX}readme"]


def test_large_objects_and_what_is_too_much_are_read_by_themselves(
    s3: S3Client, bucket: str, compaction: ModuleType, read: Reader
) -> None:
    put(s3, bucket, *(f"{EARLIER}/{name}" for name in "abcd"))
    size = s3.head_object(Bucket=bucket, Key=f"{EARLIER}/a")["ContentLength"]
    s3.put_object(Bucket=bucket, Key=f"{EARLIER}/large", Body=b"1" * (size + 1))
    compaction.__dict__.update(LARGEST=size, MOST_BYTES=2 * size)
    assert compaction.handler({}, None) == {"days": 1, "objects": 2}
    assert len(read.texts()) == 9
    wanted = [f"{EARLIER}/{name}" for name in ("c", "d", "large")]
    assert read.asked == [compacted(EARLIER), *wanted]


def test_late_events_are_compacted_too_and_old_days_are_not(
    s3: S3Client, bucket: str, compaction: ModuleType, read: Reader
) -> None:
    late = EARLIER.replace(PREFIX, "late_events/")
    old = f"{PREFIX}{NOW - timedelta(days=9):%Y/%m/%d/%H}"
    put(s3, bucket, f"{late}/a", f"{late}/b", f"{old}/a", f"{old}/b")
    assert compaction.handler({}, None) == {"days": 1, "objects": 2}
    assert len(read.texts("late_events/")) == 4
    assert read.asked == [compacted(late)]


def test_few_objects_are_read_without_looking_for_it(
    s3: S3Client, bucket: str, compaction: ModuleType, tmp_path: Path
) -> None:
    put(s3, bucket, f"{EARLIER}/a", f"{EARLIER}/b")
    compaction.handler({}, None)
    reader = Reader(s3, bucket, tmp_path)
    assert len(reader.texts()) == 4
    assert reader.asked == [f"{EARLIER}/a", f"{EARLIER}/b"]
