-- Revenue per store in tumbling windows of event time.
--
-- ${group} stands for all options of that property group, ${group.key} for one value; both come
-- from the application's property groups (templates/analytics.yaml). main.py fills them in.

-- 1. The stream, one row a record. Every field of `detail` is read as text, so that a value of the
--    wrong type is seen as malformed instead of being skipped as unreadable.
CREATE TABLE events (
  `detail-type`   STRING,
  `time`          TIMESTAMP_LTZ(3),
  `detail`        ROW<request_id STRING, store_id STRING, sales STRING, is_return STRING>,
  arrival         TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL,
  shard_id        STRING NOT NULL METADATA FROM 'shard-id' VIRTUAL,
  sequence_number STRING NOT NULL METADATA FROM 'sequence-number' VIRTUAL,
  -- No sale happens after it arrived. A clock that runs ahead, or no time at all, must not move
  -- the watermark: it would make everybody else's events late.
  event_time AS CASE WHEN `time` <= arrival THEN `time` ELSE arrival END,
  WATERMARK FOR event_time AS event_time - INTERVAL '${windows.allowed.lateness.seconds}' SECOND(3)
) WITH (
  ${source},
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'json.ignore-parse-errors' = 'true'
);

-- 2. Each sale in its window. The heartbeats end here: they have moved the watermark by now, which
--    is all that they are for. An amount is rounded half up to cents. It is looked at as DOUBLE
--    first: DECIMAL spells an exponent out, and 1e-999999999 would take all memory. It is read with
--    38 digits, because Flink reads short texts for small decimals another way, in which 0.1e10 is
--    no number, and neither is 1e-30.
CREATE TEMPORARY VIEW windowed AS
SELECT
  `detail-type`     AS detail_type,
  detail.request_id AS request_id,
  detail.store_id   AS store_id,
  detail.sales      AS sales,
  detail.is_return  AS is_return,
  CASE
    WHEN TRY_CAST(detail.sales AS DOUBLE) BETWEEN 0E0 AND 1E-3
      THEN CAST(0 AS DECIMAL(12, 2))
    WHEN TRY_CAST(detail.sales AS DOUBLE) BETWEEN 1E-3 AND 2E9
      THEN CAST(TRY_CAST(detail.sales AS DECIMAL(38, 2)) AS DECIMAL(12, 2))
  END AS amount,
  event_time, shard_id, sequence_number, window_start, window_end, window_time,
  window_end <= CAST(CURRENT_WATERMARK(window_time) AS TIMESTAMP(3)) AS is_late
FROM TABLE(
  TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '${windows.length.seconds}' SECOND(3))
)
WHERE `detail-type` IS DISTINCT FROM 'heartbeat';

-- 3. What can not be counted gets the reason why; a sale that can be counted gets none. Each row
--    goes to exactly one of the two INSERTs below, since both look at this one column. What was an
--    array or an object begins as its JSON does. No text is longer than 256 characters, because
--    Firehose takes no record of more than 1,000 KiB: a single one would stop the job for good.
CREATE TEMPORARY VIEW judged AS
SELECT *,
  CASE
    WHEN detail_type IS DISTINCT FROM 'sales-events'
      OR request_id IS NULL OR request_id = '' OR CHAR_LENGTH(request_id) > 256
      OR request_id LIKE '[%' OR request_id LIKE '{%'
      OR store_id IS NULL OR store_id NOT LIKE 'store\_%' ESCAPE '\' OR CHAR_LENGTH(store_id) > 256
      OR amount IS NULL OR amount > 1000000000
      OR is_return IS NULL OR is_return NOT IN ('true', 'false') THEN 'malformed'
    WHEN is_late THEN 'late'
  END AS reason
FROM windowed;

-- 4. The results: one line per store and window, JSON, to Firehose.
CREATE TABLE sales_revenue (
  store_id         STRING,
  revenue          DECIMAL(38, 2),
  `timestamp`      STRING,
  window_start     STRING,
  orders           BIGINT,
  `returns`        BIGINT,
  returned_revenue DECIMAL(38, 2)
) WITH (
  ${revenue.sink},
  'format' = 'json',
  'json.encode.decimal-as-plain-number' = 'true'
);

-- 5. What came after its window had closed, and what is no sale: recorded, never dropped. Of a long
--    text, its beginning.
CREATE TABLE late_events (
  reason          STRING,
  request_id      STRING,
  store_id        STRING,
  sales           STRING,
  `time`          STRING,
  window_end      STRING,
  shard_id        STRING,
  sequence_number STRING
) WITH (
  ${late.sink},
  'format' = 'json'
);

INSERT INTO late_events
SELECT
  reason, LEFT(request_id, 256), LEFT(store_id, 256), LEFT(sales, 256),
  DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS'),
  DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS'),
  shard_id, sequence_number
FROM judged
WHERE reason IS NOT NULL;

-- 6. Copies of an event (same request_id) count as one: every hop before delivers at least once. Of
--    copies that differ, the one that happened first counts, in whatever order they are read.
INSERT INTO sales_revenue
SELECT
  store_id,
  SUM(amount),
  DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS'),
  DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss.SSS'),
  COUNT(*) FILTER (WHERE is_return = 'false'),
  COUNT(*) FILTER (WHERE is_return = 'true'),
  SUM(CASE WHEN is_return = 'true' THEN amount ELSE 0 END)
FROM (
  SELECT *,
    ROW_NUMBER() OVER (
      PARTITION BY window_start, window_end, request_id
      ORDER BY event_time, shard_id, sequence_number
    ) AS copy_number
  FROM judged
  WHERE reason IS NULL
)
WHERE copy_number = 1
GROUP BY window_start, window_end, store_id;
