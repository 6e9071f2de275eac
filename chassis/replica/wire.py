"""What travels between the sides: a batch of one or more lanes, one document a line.

Each line is `{"key":K,"doc":D}` in exactly this order, D being the canonical document or `null` for an aggregate that is gone (a
tombstone). The fixed frame lets the receiver stage documents without parsing them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from chassis.replica.retry import Refused

_KEY: Final = b'{"key":'
_DOC: Final = b',"doc":'
CONTENT_TYPE: Final = "application/x-ndjson"


class MalformedBatch(Exception):
    """The body or the headers of a batch do not follow the protocol; nothing was applied."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where a batch belongs: the epoch it was read under, its lanes, its sequence number and the sender's horizon."""

    context: str
    aggregate: str
    epoch: int
    lanes: tuple[int, ...]
    sequence: int
    horizon: int

    def as_headers(self) -> dict[str, str]:
        """The header as HTTP fields; context and aggregate are in the path."""
        return {
            "Content-Type": CONTENT_TYPE,
            "Banyan-Epoch": str(self.epoch),
            "Banyan-Lanes": ",".join(map(str, self.lanes)),
            "Banyan-Sequence": str(self.sequence),
            "Banyan-Horizon": str(self.horizon),
        }

    @classmethod
    def from_headers(cls, context: str, aggregate: str, fields: Mapping[str, str]) -> "Header":
        """Read the HTTP fields. Raises `MalformedBatch`."""
        try:
            lanes = tuple(int(lane) for lane in fields["Banyan-Lanes"].split(","))
            numbers = (int(fields[f"Banyan-{name}"]) for name in ("Epoch", "Sequence", "Horizon"))
            epoch, sequence, horizon = numbers
        except (KeyError, ValueError) as error:
            raise MalformedBatch(f"The batch's headers cannot be read: {error}.") from error
        return cls(context, aggregate, epoch, lanes, sequence, horizon)


@dataclass(frozen=True, slots=True)
class Line:
    """One document as it travels; `document` is canonical JSON, None for a tombstone."""

    key: int
    document: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver did: aggregates `applied`, those `refused`, and whether the batch was a `duplicate`."""

    applied: int
    refused: tuple[Refused, ...] = ()
    duplicate: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "applied": self.applied,
            "duplicate": self.duplicate,
            "refused": [asdict(one) for one in self.refused],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Answer":
        return cls(data["applied"], tuple(Refused(**one) for one in data["refused"]), data["duplicate"])


def encode(keys: Sequence[int], documents: Mapping[int, Mapping[str, Any]]) -> bytes:
    """The body of a batch: a line for each key, a tombstone where there is no document."""
    lines = bytearray()
    for key in keys:
        document = documents.get(key)
        encoded = b"null" if document is None else orjson.dumps(document, option=orjson.OPT_UTC_Z)
        lines += b'{"key":%d,"doc":%b}\n' % (key, encoded)
    return bytes(lines)


def decode(body: bytes) -> Iterator[Line]:
    """The lines of a body. Raises `MalformedBatch` at the first that breaks the frame."""
    for number, line in enumerate(body.splitlines(), start=1):
        split = line.find(_DOC)
        if not line.startswith(_KEY) or split < 0 or not line.endswith(b"}"):
            raise MalformedBatch(f'Line {number} is not of the form {{"key":K,"doc":D}}.')
        document = line[split + len(_DOC) : -1]
        try:
            key = int(line[len(_KEY) : split])
        except ValueError as error:
            raise MalformedBatch(f"Line {number} has a key that is no integer.") from error
        yield Line(key, None if document == b"null" else document)


def encode_documents(documents: Iterable[tuple[int, Mapping[str, Any]]]) -> bytes:
    """Documents as an answer's body, in the same frame."""
    pairs = list(documents)
    return encode([key for key, _ in pairs], dict(pairs))


def decode_documents(body: bytes) -> dict[int, dict[str, Any]]:
    """Documents of an answer's body by key."""
    return {line.key: orjson.loads(line.document) for line in decode(body) if line.document is not None}
