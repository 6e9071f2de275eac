"""Reads gzip'd CSV with a header row. A missing, truncated or differently shaped file is one clear
`BadInput`.
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from monolith.loading.errors import BadInput, FieldError

Key = TypeVar("Key")
Record = TypeVar("Record")


def require(folder: Path, names: Iterable[str]) -> None:
    """Refuse a missing folder or missing files, all of them in one message, before anything is read."""
    if not folder.is_dir():
        raise BadInput(folder, None, "there is no such folder; name it with --data or BANYAN_DATA, or use --source generated")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise BadInput(folder, None, f"missing {', '.join(missing)}")


def fingerprint(paths: Iterable[Path]) -> str:
    """SHA-256 over the files' names and bytes: a changed file is another load."""
    digest = sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read(path: Path, columns: Sequence[str], parse: Callable[[tuple[str, ...]], Record]) -> Iterator[Record]:
    """Yield `parse` of the values of `columns` for each row. Other columns are allowed and left out.

    Raises `BadInput` with the file and line for a missing column, a row of another length, bytes that are
    not UTF-8, a damaged archive, and whatever `parse` refuses with `FieldError`.
    """
    line = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream, strict=True)
            header = next(rows, [])
            pick = _picker(path, header, columns)
            for row in rows:
                line = rows.line_num
                if len(row) != len(header):
                    raise BadInput(path, line, f"{len(row)} fields where the header has {len(header)}")
                yield parse(pick(row))
    except FieldError as refusal:
        raise BadInput(path, line, str(refusal)) from refusal
    except (EOFError, zlib.error, gzip.BadGzipFile) as damage:
        raise BadInput(path, line + 1, f"the gzip archive is damaged or cut short ({damage})") from damage
    except UnicodeDecodeError as damage:
        raise BadInput(path, line + 1, f"not UTF-8 ({damage.reason})") from damage
    except csv.Error as damage:
        raise BadInput(path, line + 1, f"not CSV ({damage})") from damage
    except OSError as failure:
        raise BadInput(path, line + 1, f"cannot be read ({failure.strerror or failure})") from failure


def count(path: Path, columns: Sequence[str]) -> int:
    """The rows of a file, read to its end: its shape is checked on the way, its values are not."""
    return sum(1 for _ in read(path, columns, lambda values: values))


def read_keyed(path: Path, columns: Sequence[str], parse: Callable[[tuple[str, ...]], tuple[Key, Record]]) -> dict[Key, Record]:
    """Read a whole file by the key that `parse` gives; a key that comes twice is refused rather than
    overwritten.
    """
    seen: dict[Key, Record] = {}

    def once(values: tuple[str, ...]) -> tuple[Key, Record]:
        key, record = parse(values)
        if key in seen:
            raise FieldError(f"{columns[0]} {key} comes twice")
        seen[key] = record
        return key, record

    for _ in read(path, columns, once):
        pass
    return seen


def _picker(path: Path, header: list[str], columns: Sequence[str]) -> Callable[[list[str]], tuple[str, ...]]:
    missing = [column for column in columns if column not in header]
    if missing:
        raise BadInput(path, 1, f"wrong header: no column {', '.join(missing)}")
    if len(columns) == 1:
        only = header.index(columns[0])
        return lambda row: (row[only],)
    return itemgetter(*(header.index(column) for column in columns))
