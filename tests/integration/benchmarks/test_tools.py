"""Express is had where it is not there, once, whole, and at the versions of its lock file."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gateway import tools

LOCKED = json.loads((tools.ROOT / "benchmarks" / "gateway" / "express" / "package-lock.json").read_text())
HAVE = "import pathlib, sys; from benchmarks.gateway import tools; tools.express(pathlib.Path(sys.argv[1]))"


def _versions(folder: Path) -> dict[str, str]:
    """What npm wrote down about what it installed, without the project itself."""
    found = json.loads((folder / "node_modules" / ".package-lock.json").read_text())
    return {name: package["version"] for name, package in found["packages"].items()}


def test_two_at_once_install_it_once(tmp_path: Path) -> None:
    """Neither deletes what the other installs, the lock file is the truth, and whoever comes later finds it there."""
    folder = tmp_path / "express"
    both = [subprocess.Popen([sys.executable, "-c", HAVE, str(folder)], cwd=tools.ROOT) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert _versions(folder) == {name: package["version"] for name, package in LOCKED["packages"].items() if name}
    installed = (folder / "node_modules").stat()
    assert tools.express(folder) == folder / "proxy.mjs"
    assert (folder / "node_modules").stat() == installed


@pytest.mark.parametrize("mark", [None, "that of another lock file"], ids=["interrupted", "outdated"])
def test_what_is_not_whole_is_installed_again(tmp_path: Path, mark: str | None) -> None:
    """An installation counts when it ended, and of these very files."""
    left = tmp_path / "node_modules" / "express" / "package.json"
    left.parent.mkdir(parents=True)
    left.write_text("{}")
    if mark is not None:
        (tmp_path / "installed").write_text(mark)
    tools.express(tmp_path)
    assert json.loads(left.read_text())["version"] == LOCKED["packages"]["node_modules/express"]["version"]


def test_it_says_in_one_line_why_it_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what failed does not count as installed."""
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(tools.ToolMissing, match=r"^npm cannot install Express .*: .*request to .* failed.*$"):
        tools.express(tmp_path / "express")
    assert not (tmp_path / "express" / "installed").exists()


def test_it_says_in_one_line_that_a_compiler_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The load generator is made of its source."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("BANYAN_VAR", str(tmp_path))
    with pytest.raises(tools.ToolMissing, match=r"^the gateway's benchmark needs a C compiler: .* sudo apt-get install gcc$"):
        tools.load_generator()


def test_it_says_in_one_line_why_the_load_generator_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A compiler without headers, say; and nothing is left that would be taken for the program."""
    failing = tmp_path / "cc"
    failing.write_text("#!/bin/sh\necho no headers >&2\necho many lines >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setenv("BANYAN_VAR", str(tmp_path / "var"))
    with pytest.raises(tools.ToolMissing, match=r"cannot make the load generator .*: no headers$"):
        tools.load_generator()
    assert list((tmp_path / "var" / "bench").iterdir()) == []
