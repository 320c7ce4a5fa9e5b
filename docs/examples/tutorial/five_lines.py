"""Runs five_lines.sql on sales.jsonl: a Flink in this process, and nothing of AWS."""

from __future__ import annotations

import os
from pathlib import Path

from pyflink.table import EnvironmentSettings, TableEnvironment

FOLDER = Path(__file__).resolve().parent

os.chdir(FOLDER)
tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
tables.get_config().set("table.local-time-zone", "UTC")
# One reader, so that the sales come in the order of the file.
tables.get_config().set("parallelism.default", "1")
create, query, _ = (FOLDER / "five_lines.sql").read_text("utf-8").split(";\n")
tables.execute_sql(create)
tables.execute_sql(query).print()
