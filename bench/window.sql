-- The five lines that a GROUP BY takes: no event is checked, and copies count.
CREATE TABLE revenue (
  store_id   STRING,
  window_end TIMESTAMP(3),
  revenue    DECIMAL(38, 2)
) WITH ('connector' = 'blackhole');

INSERT INTO revenue
SELECT detail.store_id, window_end, SUM(CAST(detail.sales AS DECIMAL(12, 2)))
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '60' SECOND(3)))
WHERE `detail-type` = 'sales-events'
GROUP BY window_start, window_end, detail.store_id;
