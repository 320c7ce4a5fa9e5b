-- Revenue per store in tumbling windows of event time.
--
-- ${group} stands for all options of that property group, ${group.key} for one value; both come
-- from the application's property groups (templates/analytics.yaml). main.py fills them in.

-- 1. The stream, one row a record. Every field of `detail` is read as text, so that a value of the
--    wrong type is seen as malformed instead of being skipped as unreadable.
CREATE TABLE events (
  `detail-type`   STRING,
  `time`          TIMESTAMP_LTZ(3),
  `replay-name`   STRING,
  `detail`        ROW<request_id STRING, name STRING, category STRING, store_id STRING,
                      sales STRING, contact_me STRING, is_return STRING>,
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
--    is all that they are for.
CREATE TEMPORARY VIEW windowed AS
SELECT
  detail.request_id AS request_id,
  detail.name       AS name,
  detail.category   AS category,
  detail.store_id   AS store_id,
  detail.sales      AS sales,
  detail.contact_me AS contact_me,
  detail.is_return  AS is_return,
  `replay-name`     AS replay_name,
  TRY_CAST(detail.sales AS DECIMAL(12, 2)) AS amount,
  event_time, shard_id, sequence_number, window_start, window_end, window_time,
  window_end <= CAST(CURRENT_WATERMARK(window_time) AS TIMESTAMP(3)) AS is_late
FROM TABLE(
  TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '${windows.length.seconds}' SECOND(3))
)
WHERE `detail-type` IS DISTINCT FROM 'heartbeat';

-- 3. What can not be counted gets the reason why; a sale that can be counted gets none. Each row
--    goes to exactly one of the two INSERTs below, since both look at this one column.
CREATE TEMPORARY VIEW judged AS
SELECT *,
  CASE
    WHEN request_id IS NULL OR request_id = ''
      OR store_id IS NULL OR store_id NOT LIKE 'store\_%' ESCAPE '\'
      OR amount IS NULL OR amount < 0
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

-- 5. What came after its window had closed, and what is no sale: recorded with all its fields, never
--    dropped. One with a replay_name came a second time, from the archive of the bus.
CREATE TABLE late_events (
  reason          STRING,
  request_id      STRING,
  name            STRING,
  category        STRING,
  store_id        STRING,
  sales           STRING,
  contact_me      STRING,
  is_return       STRING,
  `time`          STRING,
  window_end      STRING,
  replay_name     STRING,
  shard_id        STRING,
  sequence_number STRING
) WITH (
  ${late.sink},
  'format' = 'json'
);

INSERT INTO late_events
SELECT
  reason, request_id, name, category, store_id, sales, contact_me, is_return,
  DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS'),
  DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS'),
  replay_name, shard_id, sequence_number
FROM judged
WHERE reason IS NOT NULL;

-- 6. Copies of an event (same request_id) count as one: every hop before delivers at least once.
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
      PARTITION BY window_start, window_end, request_id ORDER BY window_time
    ) AS copy_number
  FROM judged
  WHERE reason IS NULL
)
WHERE copy_number = 1
GROUP BY window_start, window_end, store_id;
