"""Stories of one deployed project, one after the other: events are replayed, shards become more."""
