"""pip itself, with wheels of a folder in place of the index; nothing here needs a network."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from miztiik_events.deploy import bundle, packages, requirements
from miztiik_events.deploy.bundle import Bundle
from miztiik_events.deploy.packages import Packages
from miztiik_events.deploy.uses import Runtime, Use
from miztiik_events.errors import BuildError

ARM = Runtime("3.9", "aarch64")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, which is all that pip knows of."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def wheel(
    index: Path, name: str, tag: str, files: Mapping[str, str], requires: tuple[str, ...] = ()
) -> Path:
    path = index / f"{name}-1.0-{tag}.whl"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
    own = {f"{name}-1.0.dist-info/{file}": "" for file in ("RECORD",)}
    own[f"{name}-1.0.dist-info/METADATA"] = metadata
    own[f"{name}-1.0.dist-info/WHEEL"] = f"Wheel-Version: 1.0\nTag: {tag}\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in {**files, **own}.items():
            archive.writestr(file, content)
    return path


def asked(text: str, runtime: Runtime = ARM) -> Packages:
    read = requirements.read("functions/one", {requirements.NAME: text.encode()})
    return Packages("functions/one", read, runtime)


def function(folder: Path, text: str, **sources: str) -> Bundle:
    (folder / "one").mkdir(parents=True, exist_ok=True)
    files = {"handler.py": "x = 1", requirements.NAME: text, **sources}
    for name, content in files.items():
        (folder / "one" / name).write_text(content)
    use = Use("a.yaml:7", "AWS::Lambda::Function", "python3.9", "arm64")
    return bundle.bundle(folder / "one", [use])


def test_the_wheels_are_those_of_the_functions_machine_whatever_runs_pip(index: Path) -> None:
    tags = (
        *("cp39-cp39-manylinux_2_17_aarch64.manylinux2014_aarch64", "cp39-cp39-linux_x86_64"),
        *("cp311-cp311-manylinux2014_aarch64", "cp39-cp39-macosx_11_0_arm64"),
        # Python 3.9 runs on Amazon Linux 2, whose C library is 2.26.
        "cp39-cp39-manylinux_2_28_aarch64",
    )
    for tag in tags:
        wheel(index, "native", tag, {"native.so": ""})
    markers = ('older; python_version < "3.10"', 'arm; platform_machine == "aarch64"')
    no_markers = ('newer; python_version >= "3.10"', 'mac; sys_platform == "darwin"')
    wheel(index, "pure", "py3-none-any", {}, requires=(*markers, *no_markers, "native"))
    for name in ("older", "arm"):
        wheel(index, name, "py3-none-any", {})
    found = asked("pure==1.0").wheels()
    assert [path.name for path in found] == [
        "arm-1.0-py3-none-any.whl",
        f"native-1.0-{tags[0]}.whl",
        "older-1.0-py3-none-any.whl",
        "pure-1.0-py3-none-any.whl",
    ]


def test_what_pip_found_once_is_kept_and_needs_no_pip(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(index, "pure", "py3-none-any", {})
    wanted = asked("pure==1.0")
    assert not wanted.is_cached
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda one: one.wheels(), [wanted, wanted])
    assert first == second
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    assert (wanted.is_cached, wanted.wheels()) == (True, first)
    assert not asked("pure==1.0", Runtime("3.9", "x86_64")).is_cached
    assert [path.name for path in first[0].parent.parent.iterdir()] == ["wheels"]


def test_a_package_without_a_wheel_is_named_and_nothing_is_kept(index: Path) -> None:
    wheel(index, "native", "cp39-cp39-manylinux2014_x86_64", {})
    wanted = asked("native==1.0")
    with pytest.raises(BuildError, match=r"no wheel of native==1\.0 for python3\.9 on arm64"):
        wanted.wheels()
    assert not wanted.is_cached
    wheel(index, "pure", "py3-none-any", {})
    with pytest.raises(BuildError, match=r"no wheel of pure==2\.0 .*\(there are of 1\.0\)"):
        asked("pure==2.0").wheels()


def test_a_hash_is_held_to(index: Path) -> None:
    digest = hashlib.sha256(wheel(index, "pure", "py3-none-any", {}).read_bytes()).hexdigest()
    assert asked(f"pure==1.0 --hash=sha256:{digest}").wheels()
    with pytest.raises(BuildError, match=r"DO NOT MATCH THE HASHES(.|\n)*pure==1\.0"):
        asked(f"pure==1.0 --hash=sha256:{'0' * 64}").wheels()


def test_an_index_that_cannot_be_reached_is_no_missing_wheel(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    # Nothing listens there.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setattr(packages, "RETRIES", 1)
    with pytest.raises(BuildError, match="could not reach its package index"):
        asked("pure==1.0").wheels()


def test_the_zip_has_them_where_python_finds_them(index: Path, tmp_path: Path) -> None:
    files = {"pure/__init__.py": "", "pure-1.0.data/scripts/run": "#!python\n"}
    files.update({"pure-1.0.data/purelib/more.py": "", "pure-1.0.data/headers/x.h": ""})
    wheel(index, "pure", "py3-none-any", files)
    code = function(tmp_path, "pure==1.0")
    with zipfile.ZipFile(bundle.write(code, tmp_path / "a.zip")) as archive:
        own = sorted(name for name in archive.namelist() if ".dist-info/" not in name)
        assert own == ["bin/run", "handler.py", "more.py", "pure/__init__.py", "requirements.txt"]
        assert archive.getinfo("bin/run").external_attr >> 16 == 0o100755
        assert "pure-1.0.dist-info/METADATA" in archive.namelist()
    again = bundle.write(function(tmp_path / "again", "pure==1.0"), tmp_path / "b.zip")
    assert again.read_bytes() == (tmp_path / "a.zip").read_bytes()


def test_a_functions_own_wheels_are_found_in_its_folder(index: Path, tmp_path: Path) -> None:
    (tmp_path / "one" / "wheels").mkdir(parents=True)
    wheel(tmp_path / "one" / "wheels", "pure", "py3-none-any", {"pure.py": "1"})
    code = function(tmp_path, "--no-index\n--find-links wheels\npure==1.0\n")
    with zipfile.ZipFile(bundle.write(code, tmp_path / "a.zip")) as archive:
        assert archive.read("pure.py") == b"1"
    # Another wheel of that name is another package.
    wheel(tmp_path / "one" / "wheels", "pure", "py3-none-any", {"pure.py": "2"})
    code = function(tmp_path, "--no-index\n--find-links wheels\npure==1.0\n")
    with zipfile.ZipFile(bundle.write(code, tmp_path / "b.zip")) as archive:
        assert archive.read("pure.py") == b"2"


def test_a_file_of_ones_own_is_not_hidden(index: Path, tmp_path: Path) -> None:
    wheel(index, "pure", "py3-none-any", {"handler.py": ""})
    code = function(tmp_path, "pure==1.0")
    with pytest.raises(BuildError, match=r"one: handler\.py is in pure-1\.0-py3-none-any\.whl too"):
        bundle.write(code, tmp_path / "a.zip")


def test_the_key_tells_what_is_asked_for_and_where_it_runs(tmp_path: Path) -> None:
    code = function(tmp_path, "pure==1.0")
    other = bundle.bundle(
        tmp_path / "one", [Use("a.yaml:7", "AWS::Lambda::Function", "python3.9", "x86_64")]
    )
    assert code.key != other.key
    assert code.key == function(tmp_path / "elsewhere", "pure==1.0").key


def test_a_file_that_asks_for_nothing_changes_nothing(tmp_path: Path) -> None:
    code = function(tmp_path, "# none yet\n")
    assert (code.packages, list(bundle.remarks(code))) == (None, [])


def test_why_nothing_is_installed_is_said(tmp_path: Path) -> None:
    function(tmp_path, "pure==1.0")
    node = Use("a.yaml:7", "AWS::Lambda::Function", "nodejs20.x", "arm64")
    told = [list(bundle.remarks(bundle.bundle(tmp_path / "one", use))) for use in ([node], [])]
    assert [len(remarks) for remarks in told] == [1, 1]
    assert "is not installed: it runs on nodejs20.x (a.yaml:7)" in told[0][0]
    assert "is not installed: no template says what runs it" in told[1][0]
    (tmp_path / "one" / "pure-1.0.dist-info").mkdir()
    (tmp_path / "one" / "pure-1.0.dist-info" / "METADATA").write_text("")
    code = function(tmp_path, "pure==1.0")
    assert "packages of its own already" in next(bundle.remarks(code))


def test_what_will_be_installed_is_said_and_needs_no_network(tmp_path: Path) -> None:
    code = function(tmp_path, "pure\n")
    first, second = bundle.remarks(code)
    assert first.startswith("1 requirement of ")
    assert first.endswith("/one/requirements.txt for python3.9 on arm64: pip has to get them first")
    assert "pure is not pinned" in second


def test_two_runtimes_for_one_folder_are_refused(tmp_path: Path) -> None:
    function(tmp_path, "pure==1.0")
    runtimes = ("python3.9", "python3.12")
    uses = [Use(f"{one}.yaml:7", "AWS::Lambda::Function", one, "arm64") for one in runtimes]
    with pytest.raises(BuildError, match=r"python3\.12 on arm64 .* python3\.9 on arm64 .* at once"):
        bundle.bundle(tmp_path / "one", uses)


def test_without_pip_the_way_to_get_it_is_told(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BuildError, match=r"this Python has none\. Next: .* -m ensurepip"):
        asked("pure==1.0").wheels()
    assert not asked("pure==1.0").is_cached
