"""Completion, as the shells ask for it and as real shells do it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import command_line
from miztiik_events.main import COMMANDS

SETUP = {
    "bash": 'eval "$(miztiik-events completion bash)"',
    "zsh": 'autoload -U compinit; compinit -D -u; eval "$(miztiik-events completion zsh)"',
    "fish": "miztiik-events completion fish | source",
}
# bash and zsh call the function with the words in variables of theirs; fish has a command for it.
# What zsh's function would hand to the line editor is printed instead.
ASK = {
    "bash": """
        COMP_WORDS=({words}) COMP_CWORD={last}
        _miztiik_events_completion miztiik-events
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    "zsh": """
        compadd() {{ print -l -- ${{(P)@[-1]}} }}
        _describe() {{ print -l -- ${{${{(P)3}}%%:*}} }}
        words=({words}) CURRENT=$(({last} + 1))
        $_comps[miztiik-events]
    """,
    "fish": "complete --do-complete '{line}'",
}


def asked(shell: str, *words: str) -> list[str]:
    """What the program answers to the shell's script; the last word is the one to complete."""
    last = words[-1] if shell == "fish" else str(len(words))
    variables = {
        "_MIZTIIK_EVENTS_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(["miztiik-events", *words]),
        "COMP_CWORD": last,
    }
    done = command_line.run(variables)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_every_command_is_completed() -> None:
    assert asked("bash", "") == [f"plain,{name}" for name in COMMANDS]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("dep",), ["deploy"]),
        (("st",), ["start-analytics", "status", "stop-analytics"]),
        (("deploy", "--outp"), ["--output"]),
        (("outputs", "Event"), ["EventBusArn", "EventBusName"]),
        (("query", "--saved", "re"), ["returns", "revenue-by-category", "revenue-by-region"]),
        (("deploy", "--output", ""), ["table", "json", "ndjson"]),
        (("deploy", "--output", "="), ["table", "json", "ndjson"]),
        (("deploy", "--jobs", "2", "--no-t"), ["--no-termination-protection"]),
        (("deploy", "war"), ["warehouse"]),
        (("deploy", "-p", "Window"), ["WindowSeconds="]),
        (("deploy", "-p", "Sh"), ["ShardCount="]),
        (("status", "--region", "eu-central"), ["eu-central-1", "eu-central-2"]),
        (("destroy", "--yes", "disp"), ["dispatch"]),
        (("local", ""), ["env", "start", "status", "stop"]),
        (("local", "start", "--qu"), ["--quiet"]),
        (("completion", "z"), ["zsh"]),
        (("frobnicate", ""), list(COMMANDS)),
    ],
)
def test_words_are_completed_where_they_belong(words: tuple[str, ...], found: list[str]) -> None:
    assert sorted(asked("bash", *words)) == sorted(f"plain,{word}" for word in found)


def test_a_folder_is_asked_for_where_one_belongs() -> None:
    assert asked("bash", "package", "--output-dir", "dist") == ["dir,dist"]


def test_shells_that_show_descriptions_get_them() -> None:
    (described,) = asked("fish", "valid")
    assert described.startswith("plain,validate\tCheck templates")
    kind, name, description = asked("zsh", "package", "--output-d")
    assert (kind, name) == ("plain", "--output-dir")
    assert description.startswith("Where to write")


@pytest.mark.parametrize("shell", SETUP)
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("miztiik-events dep", "deploy"),
        ("miztiik-events status --outp", "--output"),
        ("miztiik-events status --output nd", "ndjson"),
    ],
    ids=["command", "option", "value"],
)
def test_a_real_shell_completes(tmp_path: Path, shell: str, line: str, found: str) -> None:
    program = shutil.which(shell)
    if not program:
        pytest.skip(f"{shell} is not installed")
    words = line.split()
    ask = ASK[shell].format(line=line, words=line, last=len(words) - 1)
    done = subprocess.run(
        [program, "-c", f"{SETUP[shell]}\n{ask}"],
        env={
            "PATH": f"{command_line.PROGRAM.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert [word.split("\t")[0] for word in done.stdout.splitlines()] == [found]


@pytest.mark.parametrize("shell", SETUP)
def test_to_complete_takes_none_of_the_heavy_packages(shell: str) -> None:
    variables = {
        "_MIZTIIK_EVENTS_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "miztiik-events ",
        "COMP_CWORD": "" if shell == "fish" else "1",
        "PYTHONPROFILEIMPORTTIME": "1",
    }
    done = command_line.run_script(variables)
    assert done.returncode == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "miztiik_events.commands.options" in loaded
    assert not loaded & {"boto3", "botocore", "yaml", "cfnlint"}
