-- Flink reads the events and does nothing with them: what parsing alone takes.
CREATE TABLE parsed WITH ('connector' = 'blackhole') LIKE events (
  EXCLUDING ALL
);

INSERT INTO parsed SELECT `detail-type`, `time`, `replay-name`, `detail`, arrival, shard_id, sequence_number FROM events;
