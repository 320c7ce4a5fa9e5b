"""Stories of one deployed project, one after the other: sales are counted, then once more."""
