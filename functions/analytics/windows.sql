-- Revenue per store in tumbling windows of event time.
--
--   events ─▶ windowed ─▶ judged ─┬─▶ late_events     what is not counted, with the reason why
--                                 └─▶ distinct_sales ─▶ sales_revenue
--
-- ${group} stands for all options of that property group, ${group.key} for one value; both come
-- from the application's property groups (templates/analytics.yaml). main.py fills them in.

-- 1. The stream, one row a record. Every field of `detail` is read as text, so that a value of the
--    wrong type is seen as malformed instead of being skipped as unreadable. `arrival` is when the
--    record came into the stream: in order within a shard, whatever the stores' clocks say.
CREATE TABLE events (
  `detail-type`   STRING,
  `time`          TIMESTAMP_LTZ(3),
  `replay-name`   STRING,
  `detail`        ROW<request_id STRING, name STRING, category STRING, store_id STRING,
                      sales STRING, contact_me STRING, is_return STRING>,
  arrival         TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL,
  shard_id        STRING NOT NULL METADATA FROM 'shard-id' VIRTUAL,
  sequence_number STRING NOT NULL METADATA FROM 'sequence-number' VIRTUAL,
  -- No sale happens after it arrived: a clock that runs ahead, or no time at all, counts as arrival.
  event_time AS CASE WHEN `time` <= arrival THEN `time` ELSE arrival END,
  -- A window closes when what arrives now would be late for it (step 2), and 3 s more: arrivals are
  -- approximate to some milliseconds, and a new shard is found and read within 2 s.
  WATERMARK FOR event_time AS arrival
    - INTERVAL '${windows.allowed.lateness.seconds}' SECOND(3) - INTERVAL '3' SECOND
) WITH (
  ${source},
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601',
  'json.ignore-parse-errors' = 'true'
);

-- 2. Each sale in its window. The heartbeats end here: they have moved the watermark by now, which
--    is all that they are for.
--    A sale is late when it arrived after its window's end and the allowed lateness. This depends on
--    the record and two parameters alone, so it is the same whoever reads it, and whenever.
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
    WHEN TRY_CAST(detail.sales AS DOUBLE) BETWEEN 1E-3 AND 2E9
      THEN CAST(TRY_CAST(detail.sales AS DECIMAL(38, 2)) AS DECIMAL(12, 2))
    WHEN TRY_CAST(detail.sales AS DOUBLE) BETWEEN 0E0 AND 1E-3
      THEN CAST(0 AS DECIMAL(12, 2))
  END AS amount,
  CAST(arrival AS TIMESTAMP(3))
    >= window_end + INTERVAL '${windows.allowed.lateness.seconds}' SECOND(3) AS is_late,
  CAST(CURRENT_WATERMARK(window_time) AS TIMESTAMP(3)) >= window_time AS is_closed,
  event_time, shard_id, sequence_number, window_start, window_end, window_time
FROM TABLE(
  TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '${windows.length.seconds}' SECOND(3))
)
WHERE `detail-type` IS DISTINCT FROM 'heartbeat'
  -- A recomputation begins with a whole window; the analytics leaves none out.
  AND window_start >= TO_TIMESTAMP('${windows.first.start}', 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''');

-- 3. What can not be counted gets the reason why; a sale that can be counted gets none. Each row
--    goes to exactly one of the two INSERTs below, since both look at this one column.
--    malformed: it is no sale. What was an array or an object begins as its JSON does. No text is
--    longer than 256 characters, because Firehose takes no record of more than 1,000 KiB: a single
--    one would stop the job for good.
--    overtaken: it was in time, but its window is closed, and would drop it without a trace. That takes
--    a second shard in the same subtask, as for a moment while the stream gets another number of them.
--    Only what step 4 or 5 needs goes on: Flink copies every column at every step, and makes one step of
--    this and the one before, as long as is_closed is asked for once.
CREATE TEMPORARY VIEW judged AS
SELECT
  request_id, name, category, store_id, sales, contact_me, is_return, replay_name, amount,
  event_time, shard_id, sequence_number, window_start, window_end, window_time,
  CASE
    WHEN detail_type IS DISTINCT FROM 'sales-events'
      OR request_id IS NULL OR request_id = '' OR CHAR_LENGTH(request_id) > 256
      OR request_id LIKE '[%' OR request_id LIKE '{%'
      OR store_id IS NULL OR store_id NOT LIKE 'store!_%' ESCAPE '!' OR CHAR_LENGTH(store_id) > 256
      OR amount <= 1000000000 IS NOT TRUE
      OR is_return IS NULL OR is_return NOT IN ('true', 'false') THEN 'malformed'
    WHEN is_late THEN 'late'
    WHEN is_closed THEN 'overtaken'
  END AS reason
FROM windowed;

-- 4. What is not counted: recorded with all its fields, never dropped. Of a long text, its beginning.
--    One with a replay_name came a second time, from the archive of the bus.
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

-- 5. Copies of an event (same request_id) count as one: every hop before delivers at least once. Of
--    copies that differ, the first in the stream counts: all rows of a window have the same
--    window_time, and of equal ones Flink keeps the first. It keeps the sales until their window
--    closes, and then gives out those of each window at one moment of event time.
CREATE TEMPORARY VIEW distinct_sales AS
SELECT store_id, amount, is_return,
  window_start AS starts, window_end AS ends, window_time AS closed_at
FROM (
  SELECT *,
    ROW_NUMBER() OVER (
      PARTITION BY window_start, window_end, request_id
      ORDER BY window_time
    ) AS copy_number
  FROM judged
  WHERE reason IS NULL
)
WHERE copy_number = 1;

-- 6. The results: one line per store and window, JSON, to Firehose. Summed up by start and end, as
--    they are in the rows, and for the one millisecond in which a window closes. Flink's own way,
--    GROUP BY the windows of step 2, goes wrong when an update gives them another length: it takes
--    their starts, and the time when they are due, from that length, and loses those that were open
--    (tests/system/own_time/test_updates.py).
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
