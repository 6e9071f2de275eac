"""The gateway's command line: what it cannot do it says in one line."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chassis import records
from facade import commandline


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setenv("MONOLITH_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(sys, "argv", ["facade", *words])
    return commandline.main()


@pytest.mark.parametrize("given", ["file", "argument"])
def test_a_body_that_is_no_text_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, given: str
) -> None:
    """Whether it stands in a file or, as a shell passes it, in an argument."""
    (tmp_path / "body").write_bytes(b"\xff\xfe")
    data = f"@{tmp_path / 'body'}" if given == "file" else "\udcff\udcfe"
    monkeypatch.setenv("BANYAN_VAR", str(tmp_path))
    assert run(monkeypatch, "explain", "POST", "/", "-d", data) == 1
    told = capsys.readouterr().err
    assert told.startswith("facade: a body is given as text in UTF-8: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("--port", "0"),
        ("--port", "65536"),
        ("--port", "http"),
        ("--workers", "0"),
        ("--workers", "-2"),
        ("--admin-port", "65536"),
    ],
)
def test_numbers_that_no_facade_could_serve_by_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str, given: str
) -> None:
    """Rather than listening nowhere."""
    port = () if option == "--port" else ("--port", "8080")
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, "serve", *port, f"{option}={given}")
    assert ended.value.code == 2
    assert f"{given!r} is no whole number from " in capsys.readouterr().err


def test_what_only_looks_knows_a_platform_that_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As `status` does: nobody has to copy addresses from a record; those of a platform that is gone do not count."""
    record = tmp_path / "run" / "platform.json"
    records.write(record, {"monolith": "http://m:1", "users": "http://u:2", "pid": os.getpid()})
    monkeypatch.setenv("BANYAN_VAR", str(tmp_path))
    monkeypatch.delenv("MONOLITH_URL", raising=False)
    monkeypatch.setattr(sys, "argv", ["facade", "explain", "GET", "/static/x"])
    assert commandline.main() == 0
    assert "http://m:1" in capsys.readouterr().out
    records.write(record, {"monolith": "http://m:1"})
    assert commandline.main() == 1
    assert "MONOLITH_URL is not set" in capsys.readouterr().err


def test_who_cannot_listen_says_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """There are two ports, and either may be taken."""
    monkeypatch.setenv("BANYAN_VAR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(monkeypatch, "serve", "--port", str(port)) == 1
    assert f"nothing can listen at 127.0.0.1:{port}: " in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_told_nothing(tmp_path: Path) -> None:
    """As with `routes | head -1`: no complaint, and an exit code for whoever asks for it."""
    environment = {"MONOLITH_URL": "http://127.0.0.1:1", "BANYAN_VAR": str(tmp_path)}
    words = [sys.executable, "-m", "facade", "export", "envoy"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read().decode()
    assert process.returncode == 1
    assert [line for line in told.splitlines() if "not carried over" not in line] == []
