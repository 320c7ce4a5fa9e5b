"""A project is looked after: its health, failures, logs, and what nobody processed."""
