"""Starting, finding and ending an AWS on this machine, in every way that it can end."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import processes
from miztiik_events.local import launch
from miztiik_events.local.folder import Address, Folder
from waiting import until

pytestmark = pytest.mark.aws
PROGRAM = [sys.executable, "-c", "from miztiik_events.main import main; main()", "local"]
PARENT = """
from miztiik_events.local.launch import local_aws
with local_aws() as aws:
    print(aws.folder.path, aws.address.port, aws.address.pid, flush=True)
    {then}
"""


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def exports(answer: subprocess.CompletedProcess[str]) -> dict[str, str]:
    lines = [line for line in answer.stdout.splitlines() if line.startswith("export ")]
    return dict(line[len("export ") :].split("=", 1) for line in lines)


def is_healthy(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=5) as answer:
        return bool(answer.status == 200)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    launch.stop(Folder(tmp_path / launch.FOLDER_NAME))


def test_start_prints_what_makes_clients_use_it_and_stop_leaves_nothing(folder: Path) -> None:
    started = run(folder, "start")
    assert started.returncode == 0, started.stderr
    variables = exports(started)
    assert variables["AWS_ACCESS_KEY_ID"] == variables["AWS_SECRET_ACCESS_KEY"] == "test"
    assert "unset AWS_PROFILE" in started.stdout
    port = int(variables["AWS_ENDPOINT_URL"].rpartition(":")[2])
    assert is_healthy(port)
    found = launch.running(Folder(folder / launch.FOLDER_NAME))
    assert found

    stopped = run(folder, "stop")
    assert stopped.returncode == 0
    assert not processes.in_group(found.address.pid)
    assert list(folder.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_only_exports_go_to_stdout(folder: Path) -> None:
    started = run(folder, "start")
    assert all(line.startswith(("export ", "unset ")) for line in started.stdout.splitlines())


def test_the_exports_can_be_evaluated_by_a_shell(folder: Path) -> None:
    program = shlex.join([*PROGRAM, "start", "-q"])
    script = f'eval "$({program})" && echo "$AWS_ENDPOINT_URL ${{AWS_PROFILE-none}}"'
    answer = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env={**os.environ, "AWS_PROFILE": "of-the-caller"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert answer.stdout.startswith("http://127.0.0.1:")
    assert answer.stdout.endswith(" none\n")


def test_a_second_start_in_the_folder_says_that_it_runs_already(folder: Path) -> None:
    first, second = run(folder, "start"), run(folder, "start")
    assert second.returncode == 0
    assert "Already running" in second.stderr
    assert second.stdout == first.stdout == run(folder, "env").stdout


def test_another_folder_gets_an_aws_of_its_own(folder: Path) -> None:
    one, other = folder / "one", folder / "other"
    for path in (one, other):
        path.mkdir()
    try:
        assert exports(run(one, "start")) != exports(run(other, "start"))
        run(one, "stop")
        assert run(other, "env").returncode == 0
    finally:
        for path in (one, other):
            launch.stop(Folder(path / launch.FOLDER_NAME))


def test_env_without_a_running_one_says_what_to_run(folder: Path) -> None:
    answer = run(folder, "env")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "miztiik-events local start" in answer.stderr


def test_stop_and_status_without_a_running_one_are_no_failure(folder: Path) -> None:
    assert run(folder, "stop").returncode == 0
    assert run(folder, "status").returncode == 0


def test_status_shows_the_endpoint(folder: Path) -> None:
    endpoint = exports(run(folder, "start"))["AWS_ENDPOINT_URL"]
    assert endpoint in run(folder, "status", "--output", "table").stdout


def test_nothing_but_this_machine_can_reach_it_whatever_the_caller_set(folder: Path) -> None:
    started = run(folder, "start", BIND_HOST="0.0.0.0", GATEWAY_PORT="4566", AWS_PROFILE="gone")
    port = int(exports(started)["AWS_ENDPOINT_URL"].rpartition(":")[2])
    assert port != 4566
    with socket.create_server(("", 0)) as any_other:
        any_other.getsockname()
    addresses = {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), port)}
    for address in addresses - {"127.0.0.1", "::1"}:
        if not str(address).startswith("127."):
            with pytest.raises(OSError, match=r".*"):
                socket.create_connection((str(address), port), timeout=1)


def test_a_server_that_was_killed_takes_all_it_started_along(folder: Path) -> None:
    run(folder, "start")
    state = Folder(folder / launch.FOLDER_NAME)
    found = launch.running(state)
    assert found
    os.kill(found.address.pid, signal.SIGKILL)
    until(lambda: not state.is_locked())
    assert not processes.in_group(found.address.pid)
    assert run(folder, "env").returncode == 1
    assert run(folder, "start").returncode == 0


def test_a_stale_address_never_ends_a_strangers_process(folder: Path) -> None:
    with processes.started(["sleep", "60"], start_new_session=True) as stranger:
        state = Folder(folder / launch.FOLDER_NAME)
        state.create()
        state.write_address(Address(port=1, pid=stranger.pid))
        assert run(folder, "env").returncode == 1
        assert run(folder, "stop").returncode == 0
        assert stranger.poll() is None
        assert not state.path.exists()


def parent(then: str) -> tuple[subprocess.Popen[str], Path, int, int]:
    """A process that holds an AWS on this machine; its folder, port and server."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(then=then)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    path, port, pid = process.stdout.readline().split()
    return process, Path(path), int(port), int(pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_its_parent_however_that_ends(number: signal.Signals) -> None:
    process, path, port, pid = parent("import time; time.sleep(60)")
    assert is_healthy(port)
    process.send_signal(number)
    process.communicate()
    until(lambda: not path.exists())
    assert not processes.in_group(pid)


def test_it_ends_with_the_block(tmp_path: Path) -> None:
    with launch.local_aws() as aws:
        path, pid = aws.folder.path, aws.address.pid
        assert aws.environment["AWS_ENDPOINT_URL"] == aws.endpoint
    assert not path.exists()
    assert not processes.in_group(pid)


def test_in_effect_hides_the_callers_aws_and_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-the-caller")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://elsewhere.example")
    aws = launch.LocalAws(Address(port=4242, pid=1), Folder(Path("unused")))
    before = dict(os.environ)
    with aws.in_effect():
        assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4242"
        assert "AWS_PROFILE" not in os.environ
        assert "AWS_ENDPOINT_URL_S3" not in os.environ
    assert dict(os.environ) == before


def test_without_java_it_says_what_to_install(folder: Path, tmp_path: Path) -> None:
    answer = run(folder, "start", JAVA_HOME=str(tmp_path / "no-java"))
    assert answer.returncode == 5
    assert "JDK 11" in answer.stderr
    assert "default-jre-headless" in answer.stderr


def test_a_java_that_is_too_old_is_refused(folder: Path, tmp_path: Path) -> None:
    java = tmp_path / "old" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_292\"' >&2\n")
    java.chmod(0o755)
    answer = run(folder, "start", JAVA_HOME=str(tmp_path / "old"))
    assert answer.returncode == 5
    assert "is Java 8" in answer.stderr
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(tmp_path / "old")
