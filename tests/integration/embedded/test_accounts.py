"""The same server runs for root, for root where namespaces are forbidden, and for an ordinary user."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from chassis.embedded import Cluster, account

_ROOT = Path(__file__).parents[3]
_NOBODY = pwd.getpwnam("nobody")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A folder that its owner alone may enter."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def dropped(private: Path) -> Iterator[Cluster]:
    """A started cluster of root's where user namespaces are forbidden."""
    cluster = Cluster(private / "cluster", durable=False, databases=["users"], namespaces=False)
    cluster.start()
    yield cluster
    cluster.destroy()


def owner_of(pid: int) -> int:
    """The uid that a process runs under."""
    return Path(f"/proc/{pid}").stat().st_uid


@needs_root
def test_root_keeps_its_files_in_place(private: Path) -> None:
    """In a user namespace the server reaches root's private folders, and the files stay root's."""
    if account.for_server(private / "none").become != "namespace":
        pytest.skip("user namespaces are forbidden here")
    cluster = Cluster(private / "cluster", durable=False, databases=["users"])
    cluster.start()
    try:
        assert (private / "cluster" / "data").stat().st_uid == 0
        psycopg.connect(cluster.url("users")).close()
    finally:
        cluster.destroy()


@needs_root
def test_without_namespaces_root_becomes_nobody(dropped: Cluster) -> None:
    """The server runs as nobody in a private folder that the record names, survives a restart, and goes
    without a trace."""
    elsewhere = Path((dropped.path / "elsewhere").read_text())
    assert (elsewhere.stat().st_uid, elsewhere.stat().st_mode & 0o777) == (_NOBODY.pw_uid, 0o700)
    assert dropped.process is not None
    assert owner_of(dropped.process.pid) == _NOBODY.pw_uid
    dropped.stop()
    dropped.start()
    psycopg.connect(dropped.url("users")).close()
    dropped.destroy()
    assert not elsewhere.exists()
    assert not dropped.path.exists()


@needs_root
def test_a_cluster_keeps_its_owner(dropped: Cluster) -> None:
    """What was made as nobody is served as nobody, also once namespaces are allowed."""
    dropped.stop()
    again = Cluster(dropped.path, durable=False)
    again.start()
    assert again.process is not None
    assert owner_of(again.process.pid) == _NOBODY.pw_uid


_AS_USER = """
import os, sys
from pathlib import Path
from chassis import processes
from chassis.embedded import Cluster, ValkeyServer
assert os.geteuid() != 0
folder = Path(sys.argv[1])
for server in (Cluster(folder / "cluster", durable=False, databases=["users"]), ValkeyServer(folder / "valkey")):
    server.start()
    assert Path(f"/proc/{server.process.pid}").stat().st_uid == os.geteuid()
    server.stop()
    server.start()
    server.destroy()
print("fine")
"""


@needs_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv from util-linux")
def test_an_ordinary_user_needs_no_tricks(private: Path) -> None:
    """As nobody (who may only read what root may read, and is told so by access(2), so that the interpreter and PostgreSQL's
    programs are found in a checkout that only root may enter) both servers start and stop.
    """
    os.chown(private, _NOBODY.pw_uid, _NOBODY.pw_gid)
    drop = ["setpriv", f"--reuid={_NOBODY.pw_uid}", f"--regid={_NOBODY.pw_gid}", "--clear-groups"]
    may_read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--securebits=+no_setuid_fixup"]
    command = [*drop, *may_read, sys.executable, "-c", _AS_USER, str(private)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "fine", done.stderr
