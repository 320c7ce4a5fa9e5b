"""The AWS on this machine: MiniStack with its gaps filled, and a real Flink for Managed Flink.

launch   starts, finds and stops it: `local_aws()` while a block runs, `start` for one that stays
server   the process: MiniStack with its gaps filled
reaper   a second, tiny process that ends what is left when the server is gone
gaps/    what is filled; each gap is a module that says what MiniStack does and what AWS does
flink/   the data plane of Managed Flink: runs the application's own zip
"""

from __future__ import annotations
