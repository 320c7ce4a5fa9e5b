"""`init`: what it writes runs, as it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import command_line
from miztiik_events.main import cli


def test_what_it_writes_is_valid_and_its_test_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["init", "corner shop"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "corner shop/miztiik-events.yaml").read_text().splitlines()[1] == (
        "name: corner-shop"
    )
    monkeypatch.chdir(tmp_path / "corner shop")
    checked = CliRunner().invoke(cli, ["validate"])
    assert (checked.exit_code, checked.output) == (0, "No findings in 2 templates.\n")
    tests = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "tests"], capture_output=True, text=True
    )
    assert tests.returncode == 0
    assert "Ran 2 tests" in tests.stderr


@pytest.mark.parametrize(
    ("folder", "name"),
    [("1.shop", "shop"), ("42", "my-project"), ("a" * 30, "a" * 19), ("a_b", "a-b")],
)
def test_the_project_has_a_name_that_stacks_can_have(
    tmp_path: Path, folder: str, name: str
) -> None:
    assert CliRunner().invoke(cli, ["init", str(tmp_path / folder)]).exit_code == 0
    assert f"name: {name}\n" in (tmp_path / folder / "miztiik-events.yaml").read_text()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    present = tmp_path / "templates" / "hello.yaml"
    present.parent.mkdir()
    present.write_text("mine")
    refused = CliRunner().invoke(cli, ["init", str(tmp_path)])
    assert str(refused.exception).startswith(f"{present}: already there")
    assert list(tmp_path.rglob("*.*")) == [present]


@pytest.mark.parametrize("blocks", [0, 2])
def test_where_it_cannot_write_all_nothing_stays(tmp_path: Path, blocks: int) -> None:
    """A limit of what a file holds stands for a full disk: the first is refused, or a later one."""
    (tmp_path / "there").mkdir()
    for folder in ("new/shop", "there"):
        limited = f'ulimit -f {blocks}; exec "$0" init {folder}'
        done = subprocess.run(
            ["sh", "-c", limited, command_line.PROGRAM],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1, done.stderr
        assert "File too large" in done.stderr
        assert [path.name for path in tmp_path.rglob("*")] == ["there"]
