-- The sales of sales.jsonl, in the order in which they arrived.
CREATE TABLE events (
  `time`     TIMESTAMP_LTZ(3),
  detail     ROW<store_id STRING, sales DOUBLE>,
  store_id   AS detail.store_id,
  sales      AS detail.sales,
  event_time AS `time`,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'sales.jsonl',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601'
);

-- The five lines: revenue per store and minute.
SELECT store_id, SUM(sales) AS revenue, window_end AS `timestamp`
FROM TABLE(
  TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '60' SECOND)
)
GROUP BY window_start, window_end, store_id;
