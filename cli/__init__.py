"""Event-driven sales analytics on AWS, from raw CloudFormation templates.

The rooms, from the face down; what is further down knows nothing of what is above it (setup.cfg):

    main            the program: lazy commands, the one place where errors become exit codes
    commands/       the command line, one file a command: parse, call, print; only here is Click
      views/        how what a command found is shown
      terminal/     the block on a terminal that is drawn in place, and its keys
    demonstration   the whole pipeline from nothing to nothing: the best first file to read
    dashboard/      the page of the sales: what it shows, and who may see it

    deploy/         a project is made: templates wired, code bundled, stacks as they should be
    operate/        a project is looked after: health, failures, logs, what nobody processed
    destroy/        a project is deleted: what goes, in which order, and what is left
    audit/          the results are proven from the raw events
    local/          the AWS on this machine
      flink/        Managed Flink's data plane, on a real Flink
      gaps/         what MiniStack lacks, one file a gap

    analytics/      the Flink application: as it is, started and stopped, its shards, log, failures
    cloudformation/ the control plane: the only room that speaks to CloudFormation
    pipeline/       the data plane: what flows, and how it is measured

    insistence      asking AWS again while a command waits
    session         credentials, region, clients
    patience        how long to wait, how often to look, how a wait ends early
    files           files whole or not at all, temporary folders, the cache
    text            text for people and programs: JSON, tables, counts, spans
    aws_errors      botocore's errors into ours: one line each, and what to do
    errors          the tree of errors, each with its exit code
"""

from __future__ import annotations

__version__ = "0.1.0"
