"""The project to begin with, deployed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import command_line
from miztiik_events.deploy import starter

if TYPE_CHECKING:
    from shared_aws import TestAws


def test_it_deploys_as_it_stands(local_aws: TestAws, tmp_path: Path) -> None:
    starter.write(tmp_path, "starter")
    environment = {
        **local_aws.environment,
    }
    done = subprocess.run(
        [command_line.PROGRAM, "deploy", "--env=prod", "--output=json"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **environment},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    outputs = json.loads(done.stdout)
    answer = local_aws.client("lambda").invoke(
        FunctionName=outputs["HelloFunction"], Payload=json.dumps({"name": "Ada"})
    )
    assert json.load(answer["Payload"]) == {"message": "Good day, Ada!"}
    assert done.stderr.startswith("Project starter-prod in us-east-1, by miztiik-events.yaml, ")
