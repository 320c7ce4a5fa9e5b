"""Ctrl-C, SIGTERM and SIGHUP, while AWS is asked and does not answer."""

from __future__ import annotations

import signal
import socket
import subprocess

import pytest

import command_line
import processes

SECONDS = 60


@pytest.mark.parametrize(
    ("number", "exit_code", "said"),
    [
        (signal.SIGINT, 130, "Cancelled."),
        (signal.SIGTERM, 143, "Ended by SIGTERM."),
        (signal.SIGHUP, 129, ""),
    ],
)
def test_a_command_ends_at_once_though_aws_is_silent(
    number: signal.Signals, exit_code: int, said: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(SECONDS)
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        address = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with processes.started(
            [command_line.PROGRAM, "outputs", "--region", "eu-west-1"],
            env={**command_line.NO_SETTINGS, **keys, **address},
            stderr=subprocess.PIPE,
        ) as process:
            connection, _ = silent.accept()
            with connection:
                process.send_signal(number)
                errors = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == exit_code
    assert errors.strip() == said


def test_nohup_stays_in_force() -> None:
    ignoring = "trap '' HUP; exec \"$@\""
    shown = "import signal; from miztiik_events.commands.terminal import ending; ending.prepare(); "
    shown += "print(signal.getsignal(signal.SIGHUP).name, callable(signal.getsignal(15)))"
    done = subprocess.run(
        ["sh", "-c", ignoring, "sh", command_line.PROGRAM.parent / "python", "-c", shown],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["SIG_IGN", "True"]
