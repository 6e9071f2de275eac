"""Reading gzip'd CSV."""

import gzip
from pathlib import Path

import pytest

from monolith.loading.csvfiles import count, fingerprint, read, read_keyed
from monolith.loading.errors import BadInput


def _file(folder: Path, text: str | bytes) -> Path:
    path = folder / "x.csv.gz"
    path.write_bytes(gzip.compress(text.encode() if isinstance(text, str) else text))
    return path


def test_columns_come_in_the_order_asked_for(tmp_path: Path) -> None:
    """Other columns are left out, quoted line feeds are part of a value."""
    path = _file(tmp_path, 'a,b,c\n1,"two\nlines",3\n')
    assert list(read(path, ("c", "b"), lambda row: row)) == [("3", "two\nlines")]
    assert list(read(path, ("a",), lambda row: row)) == [("1",)]
    assert count(path, ("a",)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n1\n", "line 3: 1 fields where the header has 2"),
        ("a\n1\n", "line 1: wrong header: no column b"),
        ("", "line 1: wrong header: no column a, b"),
        (b"a,b\n1,\xff\n", "not UTF-8"),
        ('a,b\n1,"2\n', "not CSV"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    """The message names the file, the line and what is wrong."""
    with pytest.raises(BadInput, match=message) as refused:
        list(read(_file(tmp_path, text), ("a", "b"), lambda row: row))
    assert str(refused.value).startswith("x.csv.gz line")


def test_a_flipped_bit_is_seen(tmp_path: Path) -> None:
    """The archive's checksum is read, also when every row before it looked right."""
    path = _file(tmp_path, "a\n" + "1\n" * 1000)
    damaged = bytearray(path.read_bytes())
    damaged[-8] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(BadInput, match="damaged"):
        count(path, ("a",))


def test_a_key_that_comes_twice_is_refused(tmp_path: Path) -> None:
    """The second person with one number does not replace the first."""
    path = _file(tmp_path, "id,name\n1,a\n1,b\n")
    with pytest.raises(BadInput, match="line 3: id 1 comes twice"):
        read_keyed(path, ("id", "name"), lambda row: (row[0], row[1]))


def test_a_changed_file_has_another_fingerprint(tmp_path: Path) -> None:
    """A load of repaired data is another load, so it does not start behind the old one's checkpoint."""
    before = fingerprint([_file(tmp_path, "a\n1\n")])
    assert fingerprint([_file(tmp_path, "a\n2\n")]) != before
    assert fingerprint([_file(tmp_path, "a\n1\n")]) == before
