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
  read_at    AS PROCTIME(),
  WATERMARK FOR event_time AS event_time - INTERVAL '${windows.allowed.lateness.seconds}' SECOND(3)
) WITH (
  ${source},
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'json.ignore-parse-errors' = 'true'
);

-- 2. How far event time has come in the record's shard. It is the watermark that the shard gives, but
--    kept in the job's state: after a restart, CURRENT_WATERMARK knows nothing at first, while the
--    windows below know which of them are closed, and drop what comes for those without a trace.
CREATE TEMPORARY VIEW clocked AS
SELECT
  `detail-type`, `replay-name`, detail, event_time, shard_id, sequence_number,
  MAX(event_time - INTERVAL '${windows.allowed.lateness.seconds}' SECOND(3)) OVER (
    PARTITION BY shard_id ORDER BY read_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS shard_clock
FROM events;

-- 3. Each sale in its window. The heartbeats end here: they have moved the watermark by now, which
--    is all that they are for. A window is closed when event time has come to its last millisecond:
--    in the sale's own shard, or in one that the same subtask reads, as it may for a moment while
--    the stream gets another number of shards.
--    An amount is rounded half up to cents. It is looked at as DOUBLE first: DECIMAL spells an
--    exponent out, and 1e-999999999 would take all memory. It is read with 38 digits, because Flink
--    reads short texts for small decimals another way, in which 0.1e10 is no number, and neither is
--    1e-30.
CREATE TEMPORARY VIEW windowed AS
SELECT
  `detail-type`     AS detail_type,
  detail.request_id AS request_id,
  detail.name       AS name,
  detail.category   AS category,
  detail.store_id   AS store_id,
  detail.sales      AS sales,
  detail.contact_me AS contact_me,
  detail.is_return  AS is_return,
  `replay-name`     AS replay_name,
  CASE
    WHEN TRY_CAST(detail.sales AS DOUBLE) BETWEEN 0E0 AND 1E-3
      THEN CAST(0 AS DECIMAL(12, 2))
    WHEN TRY_CAST(detail.sales AS DOUBLE) BETWEEN 1E-3 AND 2E9
      THEN CAST(TRY_CAST(detail.sales AS DECIMAL(38, 2)) AS DECIMAL(12, 2))
  END AS amount,
  event_time, shard_id, sequence_number, window_start, window_end, window_time,
  window_time <= shard_clock
    OR window_time <= CAST(CURRENT_WATERMARK(window_time) AS TIMESTAMP(3)) AS is_late
FROM TABLE(
  TUMBLE(TABLE clocked, DESCRIPTOR(event_time), INTERVAL '${windows.length.seconds}' SECOND(3))
)
WHERE `detail-type` IS DISTINCT FROM 'heartbeat'
  -- A recomputation begins with a whole window; the analytics leaves none out.
  AND window_start >= TO_TIMESTAMP('${windows.first.start}', 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''');

-- 4. What can not be counted gets the reason why; a sale that can be counted gets none. Each row
--    goes to exactly one of the two INSERTs below, since both look at this one column. What was an
--    array or an object begins as its JSON does. No text is longer than 256 characters, because
--    Firehose takes no record of more than 1,000 KiB: a single one would stop the job for good.
CREATE TEMPORARY VIEW judged AS
SELECT *,
  CASE
    WHEN detail_type IS DISTINCT FROM 'sales-events'
      OR request_id IS NULL OR request_id = '' OR CHAR_LENGTH(request_id) > 256
      OR request_id LIKE '[%' OR request_id LIKE '{%'
      OR store_id IS NULL OR store_id NOT LIKE 'store!_%' ESCAPE '!' OR CHAR_LENGTH(store_id) > 256
      OR amount IS NULL OR amount > 1000000000
      OR is_return IS NULL OR is_return NOT IN ('true', 'false') THEN 'malformed'
    WHEN is_late THEN 'late'
  END AS reason
FROM windowed;

-- 5. The results: one line per store and window, JSON, to Firehose.
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

-- 6. What came after its window had closed, and what is no sale: recorded with all its fields, never
--    dropped. Of a long text, its beginning. One with a replay_name came a second time, from the
--    archive of the bus.
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
  reason, LEFT(request_id, 256), LEFT(name, 256), LEFT(category, 256), LEFT(store_id, 256),
  LEFT(sales, 256), LEFT(contact_me, 256), LEFT(is_return, 256),
  DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS'),
  DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS'),
  LEFT(replay_name, 256), shard_id, sequence_number
FROM judged
WHERE reason IS NOT NULL;

-- 7. Copies of an event (same request_id) count as one: every hop before delivers at least once.
--    Of copies that differ, the one that happened first counts, in whatever order they are read.
--    It keeps the sales until their window is closed, and then gives out those of each window at one
--    moment of event time.
CREATE TEMPORARY VIEW distinct_sales AS
SELECT store_id, amount, is_return,
  window_start AS starts, window_end AS ends, window_time AS closed_at
FROM (
  SELECT *,
    ROW_NUMBER() OVER (
      PARTITION BY window_start, window_end, request_id
      ORDER BY event_time, shard_id, sequence_number
    ) AS copy_number
  FROM judged
  WHERE reason IS NULL
)
WHERE copy_number = 1;

-- 8. Summed up by start and end, as they are in the rows, and for the one millisecond in which a
--    window closes. Flink's own way, GROUP BY the windows of step 3, goes wrong when an update gives
--    them another length: it takes their starts, and the time when they are due, from that length,
--    and loses those that were open (tests/test_updates.py).
INSERT INTO sales_revenue
SELECT
  store_id,
  SUM(amount),
  DATE_FORMAT(ends, 'yyyy-MM-dd HH:mm:ss.SSS'),
  DATE_FORMAT(starts, 'yyyy-MM-dd HH:mm:ss.SSS'),
  COUNT(*) FILTER (WHERE is_return = 'false'),
  COUNT(*) FILTER (WHERE is_return = 'true'),
  SUM(CASE WHEN is_return = 'true' THEN amount ELSE 0 END)
FROM TABLE(
  TUMBLE(TABLE distinct_sales, DESCRIPTOR(closed_at), INTERVAL '0.001' SECOND(3))
)
GROUP BY window_start, window_end, starts, ends, store_id;
