"""The Flink application: as it is, started and stopped, its shards, its log, its failures."""
