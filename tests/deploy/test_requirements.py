from __future__ import annotations

import pytest

from miztiik_events.deploy import requirements
from miztiik_events.deploy.requirements import Requirements
from miztiik_events.errors import BuildError


def read(text: str | bytes, **others: str) -> Requirements:
    content = text if isinstance(text, bytes) else text.encode()
    rest = {f"{name}.txt": other.encode() for name, other in others.items()}
    return requirements.read("functions/one", {requirements.NAME: content, **rest})


def test_the_packages_are_named_and_those_that_are_not_pinned() -> None:
    asked = read(
        "--index-url https://${TOKEN}@index.example/simple\n"
        "# a comment\n"
        "requests[socks] == 2.32.3 ; python_version < '4'  # another\n"
        "boto3>=1.40\n"
        "Click==8.*\n"
        "idna == 3.7 \\\n    --hash=sha256:82fee1\n"
        "six @ https://files.example/six-1.16.0-py2.py3-none-any.whl#sha256=abc\n"
        "exact===1.0\n"
    )
    assert asked.names == ("requests", "boto3", "click", "idna", "six", "exact")
    assert asked.unpinned == ("boto3", "click")


def test_files_that_it_names_belong_to_it() -> None:
    asked = read("-r more.txt\n-c limits.txt\n", more="one==1\n-c limits.txt", limits="two<3")
    assert (asked.names, set(asked.files)) == (
        ("one",),
        {"requirements.txt", "more.txt", "limits.txt"},
    )


def test_a_file_that_names_itself_has_no_end() -> None:
    with pytest.raises(BuildError, match=r"^functions/one: requirements.txt names itself \(by"):
        read("-r more.txt\n", more="-c limits.txt\n", limits="-r requirements.txt")


def test_the_wheels_of_a_folder_of_its_own_belong_to_it() -> None:
    sources = {
        requirements.NAME: b"-r sub/more.txt\n--find-links=https://files.example/wheels\n",
        "sub/more.txt": b"--find-links ../vendor\nsix==1.16.0\n",
        "vendor/six-1.16.0-py3-none-any.whl": b"wheel",
        "vendor/readme.txt": b"",
        "other-1-py3-none-any.whl": b"",
    }
    asked = requirements.read("functions/one", sources)
    assert asked.wheels == {"vendor/six-1.16.0-py3-none-any.whl": b"wheel"}
    assert set(asked.files) == {requirements.NAME, "sub/more.txt"}


@pytest.mark.parametrize("option", ["-f wheels", "--find-links=../wheels", "-f /wheels"])
def test_a_folder_of_wheels_that_is_none_of_its_own_is_told(option: str) -> None:
    with pytest.raises(BuildError, match=r"requirements.txt:1: .* is no folder with wheels in"):
        read(f"{option}\nsix\n")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n  # yet", "\ufeff# a mark\n"])
def test_a_file_that_asks_for_nothing_is_seen(text: str) -> None:
    assert not requirements.has_any(text.encode())
    assert requirements.has_any(f"{text}\nsix\n".encode())


def test_what_windows_writes_is_read() -> None:
    assert read("six==1.16.0\r\n".encode("utf-16")).names == ("six",)
    assert read("\ufeffsix==1.16.0\r\n").names == ("six",)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-e .", "an editable install"),
        ("--editable=git+https://host/x", "an editable install"),
        ("git+https://token@host/x.git", r"git\+https://\*\*\*@host/x.git is a checkout"),
        ("x @ git+ssh://git@host/x", "is a checkout"),
        ("./local", r"\./local is a path"),
        ("../x.whl", "is a path"),
        ("wheels/x", "is a path"),
        ("x-1.0-py3-none-any.whl", "is a path"),
        ("x @ file:///x.whl", "is a path"),
        ("https://host/x.tar.gz", "is no wheel"),
        ("x @ https://host/x.zip", "is no wheel"),
        ("--no-binary :all:", "asks pip to build"),
        ("two words", "no requirement that pip knows"),
        ("-r ../shared.txt", "no file of this folder"),
        ("-r https://host/r.txt", "no file of this folder"),
    ],
)
def test_what_no_zip_can_hold_is_refused_with_file_and_line(line: str, words: str) -> None:
    with pytest.raises(BuildError, match=rf"^functions/one/requirements\.txt:2: .*{words}"):
        read(f"six==1.16.0\n{line}\n")


def test_what_is_no_text_is_an_error() -> None:
    with pytest.raises(BuildError, match="not UTF-8"):
        read(b"six==1\n\xff\xfe\xff")
