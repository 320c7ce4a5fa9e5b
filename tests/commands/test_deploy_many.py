"""`deploy` of stacks in many layers, where some fail in the middle."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import many_stacks
from live_project import LiveProject
from many_stacks import Shape

if TYPE_CHECKING:
    from shared_aws import TestAws

SHAPE = Shape(topics=6, chain=5, joins=3, workers=0, ends=0)


def test_every_cause_is_told_last_and_the_next_run_converges(
    local_aws: TestAws, tmp_path: Path
) -> None:
    sources = many_stacks.write(tmp_path, SHAPE, ("resource", "change set"))
    project = LiveProject(local_aws, sources)
    failed = project.deploy()
    assert failed.returncode == 1
    # What was not begun is told with the failure that it waited for, however far that was away.
    skipped = re.findall(rf"{project.name}-(\S+)  skipped  (.*) failed", failed.stderr)
    assert skipped == [
        ("chain-04", "chain-03"),
        ("join-01", "chain-03"),
        ("join-02", "chain-03"),
        ("join-03", "chain-03"),
        ("chain-05", "chain-03"),
    ]
    assert re.search(r"\nFailed after .* s: .*\b8 created\b", failed.stderr)
    last = failed.stderr.partition("\nFailed after ")[2].splitlines()[1:]
    assert last == [
        f"Also failed: stack {project.name}-chain-03 failed at Signal "
        "(AWS::CloudFormation::WaitCondition)",
        "  CREATE_FAILED: WaitCondition timed out. Received 0 conditions when expecting 1",
        f"  {sources.templates}/chain-03.yaml:6",
        f"Error: stack {project.name}-topic-01 failed",
        "  Parameter 'Topic01Label' failed to resolve: SSM parameter '/many/absent' does not exist",
        f"  {sources.templates}/topic-01.yaml:2",
        "  Next: correct the template or the parameter, then deploy again",
    ]

    mended = LiveProject(local_aws, many_stacks.write(tmp_path, SHAPE), project.name)
    done = mended.deploy()
    assert done.returncode == 0, done.stderr
    assert "8 unchanged, 7 created" in done.stderr
    assert "Nothing changed: 15 stacks up to date." in mended.deploy().stderr
