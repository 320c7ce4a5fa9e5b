"""Lambda functions of one file."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import TYPE_CHECKING

import small_roles

if TYPE_CHECKING:
    from conftest import TestAws


def create(aws: TestAws, code: str, **environment: str) -> str:
    """The ARN of a new function with this code, whose `handler` is called."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("code.py", code)
    created = aws.client("lambda").create_function(
        FunctionName=f"function-{uuid.uuid4()}",
        Runtime="python3.13",
        Role=small_roles.create(aws).arn,
        Handler="code.handler",
        Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": environment},
    )
    return str(created["FunctionArn"])
