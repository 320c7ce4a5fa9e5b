"""The analytics in Spark Structured Streaming: `spark_job.py EVENTS FOLDER [NAME=VALUE ...]`.

The same steps as in functions/analytics/windows.sql, by the same names, over the same files, into
FOLDER/revenue; prints what it took. What cannot be counted it leaves out instead of recording it: a
query of Spark has one sink, and a second query would read everything again. It runs on the Python
that has pyspark, which the benchmark installs.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import jvm
from pyspark.sql import DataFrame, SparkSession

CORES = 2
EVENTS = """
    `detail-type` STRING, `time` TIMESTAMP, `replay-name` STRING,
    detail STRUCT<request_id: STRING, name: STRING, category: STRING, store_id: STRING,
                  sales: STRING, contact_me: STRING, is_return: STRING>,
    arrival TIMESTAMP, shard_id STRING, sequence_number STRING
"""
TIMED = "CASE WHEN `time` <= arrival THEN `time` ELSE arrival END AS event_time"
# As long as windows.sql keeps a window open: the allowed lateness, and 3 s.
WATERMARK_DELAY = "8 seconds"
WINDOWED = """
    SELECT
      window(event_time, '60 seconds') AS sales_window,
      `detail-type` AS detail_type,
      detail.request_id, detail.store_id, detail.is_return, arrival,
      CASE
        WHEN try_cast(detail.sales AS DOUBLE) BETWEEN 0 AND 1E-3 THEN CAST(0 AS DECIMAL(12, 2))
        WHEN try_cast(detail.sales AS DOUBLE) BETWEEN 1E-3 AND 2E9
          THEN CAST(try_cast(detail.sales AS DECIMAL(38, 2)) AS DECIMAL(12, 2))
      END AS amount
    FROM {events}
"""
# One CASE for all reasons, and a heartbeat has one too: a condition by itself would be applied
# before the watermark, which then never hears of the last heartbeat.
JUDGED = """
    SELECT *,
      CASE
        WHEN NOT detail_type <=> 'sales-events'
          OR request_id IS NULL OR request_id = '' OR char_length(request_id) > 256
          OR request_id LIKE '[%' OR request_id LIKE '{{%'
          OR store_id IS NULL OR store_id NOT LIKE 'store!_%' ESCAPE '!'
          OR char_length(store_id) > 256
          OR amount IS NULL OR amount > 1000000000
          OR is_return IS NULL OR is_return NOT IN ('true', 'false') THEN 'malformed'
        WHEN arrival >= sales_window.end + INTERVAL 5 SECONDS THEN 'late'
      END AS reason
    FROM {windowed}
"""
SALES_REVENUE = """
    SELECT
      store_id,
      SUM(amount) AS revenue,
      date_format(sales_window.end, 'yyyy-MM-dd HH:mm:ss.SSS') AS `timestamp`,
      date_format(sales_window.start, 'yyyy-MM-dd HH:mm:ss.SSS') AS window_start,
      COUNT(*) FILTER (WHERE is_return = 'false') AS orders,
      COUNT(*) FILTER (WHERE is_return = 'true') AS `returns`,
      SUM(CASE WHEN is_return = 'true' THEN amount ELSE 0 END) AS returned_revenue
    FROM {distinct_sales}
    GROUP BY sales_window, store_id
"""


def sales_revenue(spark: SparkSession, folder: str) -> DataFrame:
    records = spark.readStream.schema(EVENTS).json(folder)
    events = records.selectExpr("*", TIMED).withWatermark("event_time", WATERMARK_DELAY)
    windowed = spark.sql(WINDOWED, events=events)
    judged = spark.sql(JUDGED, windowed=windowed).where("reason IS NULL")
    distinct_sales = judged.dropDuplicates(["sales_window", "request_id"])
    return spark.sql(SALES_REVENUE, distinct_sales=distinct_sales)


def run(events: str, folder: Path, settings: dict[str, str]) -> dict[str, float]:
    spark = _session({"spark.local.dir": str(folder / "temporary"), **settings})
    writer = sales_revenue(spark, events).writeStream.format("json").outputMode("append")
    writer = writer.option("checkpointLocation", str(folder / "checkpoints"))
    java = spark._jvm
    cpu, started = jvm.cpu_seconds(java), time.monotonic()
    writer.trigger(availableNow=True).start(str(folder / "revenue")).awaitTermination()
    return {"seconds": time.monotonic() - started, "cpu": jvm.cpu_seconds(java) - cpu}


def _session(settings: dict[str, str]) -> SparkSession:
    builder = SparkSession.builder.master(f"local[{CORES}]")
    own = {
        "spark.sql.shuffle.partitions": str(CORES),
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.memory": "6g",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    for name, value in {**own, **settings}.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


if __name__ == "__main__":
    settings = dict(text.split("=", 1) for text in sys.argv[3:])
    print(json.dumps(run(sys.argv[1], Path(sys.argv[2]), settings)))
