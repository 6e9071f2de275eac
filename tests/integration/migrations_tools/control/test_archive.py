"""An archive that cannot be read is no archive."""

import gzip
from pathlib import Path

import pytest

from chassis.replica.connections import connect, conninfo
from migrations_tools.control import archive as archiving
from migrations_tools.control.archive import ArchiveUnreadable, archive
from migrations_tools.plan import Table
from monolith.users.models import Preference, User

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = [Table("users_user"), Table("users_preference", key=("user_id", "name"), fk="user_id")]


@pytest.fixture(autouse=True)
def _awkward_rows() -> None:
    user = User.objects.create(email="a@example.org", first_name='Line\nbreak, "quotes"', nickname=None)
    Preference.objects.create(user=user, name="empty", value="")


def test_rows_with_line_breaks_are_counted_as_rows(tmp_path: Path) -> None:
    """Counting reads the CSV, not its lines."""
    with connect(conninfo()) as connection:
        archived = archive(connection, TABLES, tmp_path / "archive")
    assert [(one.table, one.rows) for one in archived] == [("users_user", 1), ("users_preference", 1)]


@pytest.mark.parametrize("damage", [b"", b"no gzip at all", gzip.compress(b"id\n1\n2\n3\n", mtime=0)])
def test_a_damaged_file_stops_everything(tmp_path: Path, damage: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is cut off, unreadable or another one is noticed before anything is dropped."""
    copied = archiving._copy

    def damaged(connection: object, table: Table, folder: Path) -> object:
        archived = copied(connection, table, folder)
        (folder / archived.file).write_bytes(damage)
        return archived

    monkeypatch.setattr(archiving, "_copy", damaged)
    with connect(conninfo()) as connection, pytest.raises(ArchiveUnreadable):
        archive(connection, TABLES, tmp_path / "archive")


def test_an_archive_is_never_written_over(tmp_path: Path) -> None:
    """A folder that is there already is refused."""
    with connect(conninfo()) as connection, pytest.raises(FileExistsError):
        archive(connection, TABLES, tmp_path)
