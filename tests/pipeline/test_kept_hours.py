"""What is kept of the data store on this machine, and when it is not to be used."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody

from miztiik_events.pipeline import data_store, kept_hours
from miztiik_events.pipeline.data_store import Folder
from miztiik_events.pipeline.kept_hours import KeptHours
from stubs import Answer, Refusal, stubbed

HOUR = "sales/2026/11/24/15"
WRITTEN = datetime(2026, 11, 24, 15, tzinfo=timezone.utc)


def entry(key: str, tag: str = "1") -> dict[str, Any]:
    return {"Key": key, "ETag": tag, "LastModified": WRITTEN}


def texts(kept: KeptHours | None, listed: Sequence[dict[str, Any]], *read: str) -> list[str]:
    """The lines of these objects, of which those with these texts have to be read from S3."""
    answers = [Answer("list_objects_v2", {"Contents": list(listed)})]
    for text in read:
        body = StreamingBody(io.BytesIO(text.encode()), len(text.encode()))
        answers.append(Answer("get_object", {"Body": body}))
    with stubbed("s3", *answers) as s3:
        return [line.text for line in Folder(s3, "store", "sales/", kept=kept).fresh()]


@pytest.fixture
def kept(tmp_path: Path) -> KeptHours:
    return KeptHours(tmp_path / "results", "store")


def test_an_object_of_a_past_hour_is_read_once(kept: KeptHours) -> None:
    listed = [entry(f"{HOUR}/a"), entry("sales/2026/11/24/16/b")]
    assert texts(kept, listed[:1], "{}\n") == ["{}"]
    assert texts(kept, listed, "é \x85 no json") == ["{}", "é \x85 no json"]
    assert texts(kept, listed) == ["{}", "é \x85 no json"]


def test_what_came_late_or_has_changed_is_read(kept: KeptHours) -> None:
    first, late = entry(f"{HOUR}/a"), entry(f"{HOUR}/b")
    assert texts(kept, [first], "1") == ["1"]
    assert texts(kept, [first, late], "2") == ["1", "2"]
    assert texts(kept, [first, late]) == ["1", "2"]
    assert texts(kept, [entry(f"{HOUR}/a", "2"), late], "3") == ["3", "2"]


def test_what_is_no_longer_listed_is_not_there(kept: KeptHours) -> None:
    for listed in ([entry(f"{HOUR}/a")], [entry(f"{HOUR}/b")]):
        assert texts(kept, listed, "1") == ["1"]
    assert texts(kept, [entry(f"{HOUR}/b")]) == ["1"]


@pytest.mark.parametrize("key", ["sales/a", "sales/../../2026/11/24/15/a"])
def test_a_key_without_an_hour_is_not_kept(kept: KeptHours, key: str) -> None:
    assert texts(kept, [entry(key)], "1") == ["1"]
    assert texts(kept, [entry(key)], "1") == ["1"]


@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b", b"[1]", None, b"half"])
def test_a_damaged_file_is_read_from_s3_and_mended(kept: KeptHours, damage: bytes | None) -> None:
    listed = [entry(f"{HOUR}/a")]
    texts(kept, listed, "1")
    (path,) = kept.folder.iterdir()
    whole = path.read_bytes()
    changed = whole[:-12] + bytes([whole[-12] ^ 1]) + whole[-11:] if damage is None else damage
    path.write_bytes(whole[: len(whole) // 2] if damage == b"half" else changed)
    assert texts(kept, listed, "1") == ["1"]
    assert texts(kept, listed) == ["1"]


def test_a_folder_that_cannot_be_written_to_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = KeptHours(tmp_path / "file", "store")
    assert texts(kept, [entry(f"{HOUR}/a")], "1") == ["1"]
    assert texts(kept, [entry(f"{HOUR}/a")], "1") == ["1"]


def test_what_is_kept_is_bounded(kept: KeptHours, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = entry(f"{HOUR}/a"), entry("sales/2026/11/24/16/b")
    texts(kept, [first], "1")
    (path,) = kept.folder.iterdir()
    os.utime(path, (0, 0))
    monkeypatch.setattr(kept_hours, "MOST_BYTES", path.stat().st_size * 1.5)
    other = KeptHours(kept.folder, "other")
    texts(other, [second], "2")
    assert not path.exists()
    assert texts(other, [second]) == ["2"]


@pytest.mark.parametrize("refused", ["list_objects_v2", "get_object"])
def test_who_may_not_read_the_compacted_days_reads_the_objects(
    kept: KeptHours, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_store, "WORTH_COMPACTION", 1)
    compacted = Answer(
        "list_objects_v2", {"Contents": [entry("compacted/sales/2026/11/24.json.gz")]}
    )
    body = StreamingBody(io.BytesIO(b"1"), 1)
    with stubbed(
        "s3",
        Answer("list_objects_v2", {"Contents": [entry(f"{HOUR}/a")]}),
        *([compacted] if refused == "get_object" else []),
        Refusal(refused, "AccessDenied", status=403),
        Answer("get_object", {"Body": body}, {"Bucket": "store", "Key": f"{HOUR}/a"}),
    ) as s3:
        [line] = Folder(s3, "store", "sales/", kept=kept).fresh()
    assert line.text == "1"


def test_it_is_for_this_user_alone(kept: KeptHours) -> None:
    texts(kept, [entry(f"{HOUR}/a")], "1")
    assert stat.S_IMODE(kept.folder.stat().st_mode) == 0o700


def test_it_is_in_the_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert KeptHours.of("store") == KeptHours(Path("/somewhere/miztiik-events/results"), "store")
