"""The lake on real parts: sales go over the bus into Parquet, and queries say what the oracle says.

The analytics does not run, because the lake does not need it.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

import oracle
from deployed_pipeline import Pipeline, deployed
from repository import FUNCTIONS, TEMPLATES
from sample_events import Item, order, some_sales
from waiting import until

if TYPE_CHECKING:
    from shared_aws import TestAws

pytestmark = pytest.mark.scenario
NEEDED = {
    *("artifacts", "catalog", "data-store", "enrichment", "event-bus", "lake", "stream"),
    # A backfill has windows of the length that the analytics has.
    *("analytics", "firehose", "transformer"),
}
WINDOW, LATENESS = 60_000, 5_000
LATE_BY_SECONDS = 600
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
NO_JSON = b"no JSON"
BAD = {"is_return": None}
LINE = {
    "store_id": "store_1",
    "revenue": 12.34,
    "timestamp": "2026-11-25 02:31:00.000",
    "window_start": "2026-11-25 02:30:00.000",
    "orders": 1,
    "returns": 0,
    "returned_revenue": 0,
}


@dataclass
class Answer:
    columns: list[str]
    rows: list[list[str | None]]
    scanned: int


@dataclass
class Sold:
    """A sale as the oracle sees it, with the record that it came in."""

    sale: oracle.Sale
    detail: Item
    arrival: int
    happened: int

    @property
    def window(self) -> int:
        return self.happened // WINDOW

    @property
    def is_late(self) -> bool:
        return self.arrival >= (self.window + 1) * WINDOW + LATENESS


@dataclass
class Lake:
    project: Pipeline
    records: list[dict[str, Any]] = field(default_factory=list)

    def query(self, sql: str) -> Answer:
        athena = self.project.aws.client("athena")
        started = athena.start_query_execution(
            QueryString=sql,
            WorkGroup=self.project.outputs["QueryWorkGroup"],
            QueryExecutionContext={"Database": self.project.outputs["LakeDatabase"]},
        )
        name = {"QueryExecutionId": started["QueryExecutionId"]}

        def ended() -> Any:
            execution = athena.get_query_execution(**name)["QueryExecution"]
            return execution if execution["Status"]["State"] in ENDED else None

        execution = until(ended)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        pages = athena.get_paginator("get_query_results").paginate(**name)
        rows = [
            [datum.get("VarCharValue") for datum in row["Data"]]
            for page in pages
            for row in page["ResultSet"]["Rows"]
        ]
        return Answer(rows[0], rows[1:], execution["Statistics"]["DataScannedInBytes"])

    def saved(self, name: str) -> list[list[str | None]]:
        athena = self.project.aws.client("athena")
        ids = athena.list_named_queries(WorkGroup=self.project.outputs["QueryWorkGroup"])
        queries = [
            athena.get_named_query(NamedQueryId=one)["NamedQuery"] for one in ids["NamedQueryIds"]
        ]
        return self.query(next(one["QueryString"] for one in queries if one["Name"] == name)).rows

    def counted(self) -> list[Sold]:
        """Each sale once: the first in the stream of those in time, else the first."""
        first: dict[tuple[int, str], Sold] = {}
        for record in self.records:
            if record["Data"] == NO_JSON:
                continue
            envelope = json.loads(record["Data"], parse_int=Decimal, parse_float=Decimal)
            arrival = round(record["ApproximateArrivalTimestamp"].timestamp() * 1000)
            sale = oracle.sale(envelope, arrival)
            if sale:
                happened = oracle.milliseconds(envelope, arrival)
                sold = Sold(sale, envelope["detail"], arrival, happened)
                known = first.setdefault((sold.window, sale.request_id), sold)
                if known.is_late and not sold.is_late:
                    first[sold.window, sale.request_id] = sold
        return list(first.values())


def send(project: Pipeline) -> None:
    # All in one window, whatever the clock says when the copies are sent.
    sales, now = some_sales(60, seed=7), datetime.now(timezone.utc)
    project.put(*sales, time=now)
    # Copies, one of them with another amount; stores and products that nobody knows.
    project.put(*sales[:9], {**sales[9], "sales": 4711}, time=now)
    project.put(order(1, store_id="store_<b>"), order(2, name="Unheard-of", store_id="store_77"))
    late = [order(number) for number in range(10, 20)]
    project.put(*late, late[0], ago=LATE_BY_SECONDS)
    project.put({**order(30), **BAD})
    kinesis, stream = project.aws.client("kinesis"), project.outputs["SalesStreamName"]
    for data in (b'{"detail-type": "heartbeat"}', NO_JSON):
        kinesis.put_record(StreamName=stream, Data=data, PartitionKey="1")


@pytest.fixture(scope="module")
def lake(local_aws: TestAws) -> Iterator[Lake]:
    without = {template.stem for template in TEMPLATES.glob("*.yaml")} - NEEDED
    with deployed(local_aws, "lake", without=sorted(without), LakeBufferIntervalSeconds=1) as one:
        send(one)
        lake = Lake(one, one.records())
        rows = 60 + 10 + 2 + 11
        until(
            lambda: lake.query("SELECT count(*) FROM sale_records").rows == [[str(rows)]],
            f"{rows} rows in the lake",
        )
        yield lake


def amount(sales: Sequence[Sold]) -> Decimal:
    return Decimal(sum(one.sale.cents for one in sales)).scaleb(-2)


def grouped(sales: Sequence[Sold], *names: str) -> dict[tuple[Any, ...], list[Sold]]:
    groups = defaultdict(list)
    for sold in sales:
        groups[tuple(sold.detail[name] for name in names)].append(sold)
    return groups


def test_each_sale_is_there_once_with_the_oracles_fields(lake: Lake) -> None:
    answer = lake.query(
        "SELECT request_id, store_id, amount, is_return, event_time, is_late FROM sales"
    )
    assert Counter(map(tuple, answer.rows)) == Counter(
        (
            one.sale.request_id,
            one.sale.store_id,
            f"{amount([one]):.2f}",
            str(one.sale.is_return).lower(),
            f"{datetime.fromtimestamp(one.happened / 1000, timezone.utc):%Y-%m-%d %H:%M:%S}.000",
            str(one.is_late).lower(),
        )
        for one in lake.counted()
    )


def test_a_copy_that_differs_does_not_count(lake: Lake) -> None:
    every = "SELECT count(*) FROM {} WHERE amount = 4711"
    assert lake.query(every.format("sale_records")).rows == [["1"]]
    assert lake.query(every.format("sales")).rows == [["0"]]


def test_the_files_are_of_the_day_and_hour_of_their_sales(lake: Lake) -> None:
    s3, bucket = lake.project.aws.client("s3"), lake.project.outputs["FirehoseDataStore"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="lake/")["Contents"]
    folders = {one["Key"].rpartition("/")[0] for one in listed}
    hours = {datetime.fromtimestamp(one.happened / 1000, timezone.utc) for one in lake.counted()}
    assert folders == {f"lake/sales/day={hour:%Y-%m-%d}/hour={hour:%H}" for hour in hours}
    assert all(one["Key"].endswith(".parquet") for one in listed)
    others = "SELECT count(*) FROM sales WHERE day <> date_format(event_time, '%Y-%m-%d')"
    assert lake.query(f"{others} OR hour <> hour(event_time)").rows == [["0"]]


def test_what_is_no_sale_is_kept_under_the_error_prefix(lake: Lake) -> None:
    def kept() -> list[str]:
        lines = lake.project.stored("failed/lake/processing-failed/")
        return sorted(str(one["errorCode"]) for one in lines)

    assert until(kept) == ["Lambda.ProcessingFailedStatus"] * 2


def test_status_sees_what_was_set_aside(lake: Lake) -> None:
    """The object that it adds is deleted afterwards."""

    def health(exit_code: int) -> Any:
        return json.loads(lake.project.run("status", "--output=json", exit_code=exit_code))

    well = health(0)
    assert list(well["set_aside"]) == ["failed/lake/processing-failed/"]
    assert well["lake"]["last_key"].startswith("lake/sales/day=")
    s3, bucket = lake.project.aws.client("s3"), lake.project.outputs["FirehoseDataStore"]
    folder = "failed/lake/format-conversion-failed/"
    name = {"Bucket": bucket, "Key": f"{folder}{datetime.now(timezone.utc):%Y/%m/%d/%H}/a"}
    s3.put_object(**name, Body=b"{}")
    try:
        assert health(4)["problems"] == [f"1 object in {folder}"]
    finally:
        s3.delete_object(**name)


def test_revenue_by_category_and_hour(lake: Lake) -> None:
    in_time = [one for one in lake.counted() if not one.is_late]
    hours = {one.happened // 3_600_000 for one in in_time}
    rows = lake.saved("revenue-by-category")
    assert len(rows) == len(hours)
    assert sum(int(row[2] or 0) for row in rows) == len(in_time)
    assert sum(Decimal(row[3] or 0) for row in rows) == amount(in_time)
    returned = [one for one in in_time if one.sale.is_return]
    assert sum(Decimal(row[4] or 0) for row in rows) == amount(returned)
    assert {row[0] for row in rows} == {"Books"}


def test_revenue_by_region(lake: Lake) -> None:
    in_time = [one for one in lake.counted() if not one.is_late]
    cities = {
        "store_1": ("Europe", "Germany"),
        "store_2": ("Europe", "France"),
        "store_3": ("Europe", "United Kingdom"),
        "store_4": ("Europe", "Spain"),
        "store_5": ("North America", "United States"),
    }
    expected: dict[tuple[str, str], list[Sold]] = defaultdict(list)
    for one in in_time:
        expected[cities.get(one.sale.store_id, ("unknown", "unknown"))].append(one)
    rows = lake.saved("revenue-by-region")
    assert {(row[0], row[1]): Decimal(row[4] or 0) for row in rows} == {
        place: amount(sales) for place, sales in expected.items()
    }
    unknown = next(row for row in rows if row[0] == "unknown")
    assert unknown[2:4] == ["2", "2"]


def test_late_by_store(lake: Lake) -> None:
    late = grouped([one for one in lake.counted() if one.is_late], "store_id")
    rows = lake.saved("late-by-store")
    assert sum(int(row[2] or 0) for row in rows) == 10
    assert {(row[0],): Decimal(row[3] or 0) for row in rows} == {
        store: amount(sales) for store, sales in late.items()
    }
    assert all(int(row[4] or 0) >= LATE_BY_SECONDS for row in rows)


def test_returns(lake: Lake) -> None:
    returned = [one for one in lake.counted() if not one.is_late and one.sale.is_return]
    assert returned
    [row] = lake.saved("returns")
    assert row[:4] == ["Media", "Books", "Minotaur", str(len(returned))]
    assert Decimal(row[5] or 0) == amount(returned)


def test_a_query_for_another_day_reads_no_file_of_this_one(lake: Lake) -> None:
    whole = lake.query("SELECT sum(amount) FROM sales").scanned
    other = lake.query("SELECT sum(amount) FROM sales WHERE day = '2026-01-01'")
    assert other.rows == [[None]]
    # DuckDB looks into one file for its columns.
    assert 0 <= other.scanned < whole


def test_query_asks_it_and_says_what_that_costs(lake: Lake) -> None:
    sql = "SELECT sum(amount) AS revenue FROM sales WHERE NOT is_late"
    revenue = amount([one for one in lake.counted() if not one.is_late])
    told = json.loads(lake.project.run("query", "--output=json", sql), parse_float=Decimal)
    assert told == [{"revenue": revenue}]
    assert lake.project.run("query", "--output=csv", sql) == f"revenue\n{revenue}\n"
    late = lake.project.run("query", "--saved=late-by-store", "--output=ndjson").splitlines()
    assert sum(json.loads(line)["late_sales"] for line in late) == 10


def test_query_lists_what_is_saved_and_names_it_when_asked_for_something_else(lake: Lake) -> None:
    listed = json.loads(lake.project.run("query", "--list", "--output=json"))
    names = ["late-by-store", "returns", "revenue-by-category", "revenue-by-region"]
    assert [one["name"] for one in listed] == names
    lake.project.run("query", "--saved=return", exit_code=2)
    lake.project.run("query", "SELECT amont FROM sales", exit_code=1)


def test_verify_finds_every_sale_of_the_stream_in_the_lake(lake: Lake) -> None:
    told = json.loads(lake.project.run("verify", "--lake", "--output=json"))
    counts = {name: told[name] for name in ("sales", "stored", "on_their_way", "before")}
    assert counts == {"sales": 83, "stored": 83, "on_their_way": 0, "before": 0}
    assert told["differences"] == []


def test_verify_finds_what_was_changed_and_what_is_too_much(lake: Lake) -> None:
    """Its files are put back afterwards."""
    s3, bucket = lake.project.aws.client("s3"), lake.project.outputs["FirehoseDataStore"]
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="lake/")["Contents"]]
    bodies = {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
    newest = max(keys)
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder, "before.parquet")
        before.write_bytes(bodies[newest])
        duckdb.sql(f"CREATE TABLE rows AS SELECT * FROM '{before}'")
    first, second = duckdb.sql("SELECT sequence_number FROM rows LIMIT 2").fetchall()
    duckdb.sql(f"UPDATE rows SET amount = amount + 1 WHERE sequence_number = '{first[0]}'")
    # One whose record is another one, which is no sale.
    other = next(one for one in lake.records if one["Data"] == NO_JSON)["SequenceNumber"]
    duckdb.sql(f"UPDATE rows SET sequence_number = '{other}' WHERE sequence_number = '{second[0]}'")
    with tempfile.TemporaryDirectory() as folder:
        after = Path(folder, "after.parquet")
        duckdb.sql(f"COPY rows TO '{after}' (FORMAT parquet)")
        s3.put_object(Bucket=bucket, Key=newest, Body=after.read_bytes())
    duckdb.sql("DROP TABLE rows")
    try:
        told = lake.project.run("verify", "--lake", "--output=json", "--wait=0", exit_code=3)
    finally:
        s3.put_object(Bucket=bucket, Key=newest, Body=bodies[newest])
    report = json.loads(told)
    found = {(one["what"], one["record"].rpartition("/")[2]) for one in report["differences"]}
    assert found == {("amount", first[0]), ("no such sale", other)}
    # It is too young to be missing.
    assert (report["stored"], report["on_their_way"]) == (82, 1)


def test_a_backfill_is_in_the_lake_to_the_cent_told_apart_and_no_sale_to_verify(lake: Lake) -> None:
    """Its objects are deleted afterwards."""
    count = "SELECT count(*), sum(amount) FROM sales WHERE NOT is_backfill"
    live = lake.query(count).rows
    backfill = ("produce", "--backfill=2h", "--rate=2", "--stores=21", "--return-ratio=0.3")
    try:
        # Twice, and the second has taken the place of the first.
        for seed in (1, 2):
            lake.project.run(*backfill, f"--seed={seed}")
        assert lake.query(count).rows == live
        windows = lake.query(
            "SELECT sum(orders), sum(returns), sum(revenue), sum(returned_revenue), "
            "count(DISTINCT store_id), min(window_start) FROM results WHERE is_backfill"
        )
        sales = lake.query(
            "SELECT count(*) FILTER (WHERE NOT is_return), count(*) FILTER (WHERE is_return), "
            "sum(amount), sum(amount) FILTER (WHERE is_return), count(DISTINCT store_id), "
            "min(window_start) FROM sales WHERE is_backfill"
        )
        assert windows.rows == sales.rows
        assert int(sales.rows[0][0] or 0) > 100
        # As the enrichment that is deployed knows them.
        places = "SELECT DISTINCT store_id FROM sales WHERE is_backfill AND country = 'unknown'"
        known = (FUNCTIONS / "enrichment" / "stores.csv").read_text("utf-8")
        unknown = {f"store_{number}" for number in range(1, 22) if f"store_{number}," not in known}
        assert {row[0] for row in lake.query(places).rows} == unknown != set()
        shown = lake.saved("revenue-by-region")
        assert {row[-1] for row in shown} == {"false", "true"}
        told = json.loads(lake.project.run("verify", "--lake", "--output=json"))
        assert (told["stored"], told["differences"]) == (83, [])
    finally:
        s3, bucket = lake.project.aws.client("s3"), lake.project.outputs["FirehoseDataStore"]
        for prefix in ("lake/", "sales_revenue/"):
            for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
                if "/backfill-" in one["Key"]:
                    s3.delete_object(Bucket=bucket, Key=one["Key"])


def test_the_results_are_a_table_too_and_a_line_that_came_twice_counts_once(lake: Lake) -> None:
    s3, bucket = lake.project.aws.client("s3"), lake.project.outputs["FirehoseDataStore"]
    now = datetime.now(timezone.utc)
    # One folder is of a time that has not come: Athena works out no partition for it.
    for moment in (now, now, now + timedelta(days=2)):
        prefix = f"sales_revenue/{moment:%Y/%m/%d/%H}/revenue_analytics_stream-1-"
        key = f"{prefix}{moment.timestamp()}-{len(lake.project.stored(prefix))}"
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(LINE) + "\n")
    assert lake.query("SELECT count(*) FROM result_lines").rows == [["2"]]
    answer = lake.query("SELECT store_id, window_start, window_end, revenue, orders FROM results")
    assert answer.rows == [
        ["store_1", "2026-11-25 02:30:00.000", "2026-11-25 02:31:00.000", "12.34", "1"]
    ]
