"""An answer before it is sent: an upstream's, as stages may change it, or one that a stage gives itself."""

from dataclasses import dataclass
from typing import Protocol

from facade.http1.grammar import Pair


class Coder(Protocol):
    """Changes a body that streams, part by part."""

    def feed(self, part: bytes) -> bytes:
        """What can be sent on after this part; b"" when more is needed."""

    def end(self) -> bytes:
        """What remains after the last part."""


@dataclass(slots=True)
class Reply:
    """`fields` have lower-case names. `body` is None where it streams; every part of it then goes through `coder`, where there is
    one, and its length is not known. `own`: it is a refusal of the facade's own, not what somebody behind it has answered.
    """

    status: int
    fields: list[Pair]
    body: bytes | None
    coder: Coder | None = None
    own: bool = False

    def get(self, name: bytes) -> bytes:
        """The values of a field, joined by commas; b"" without it. `name` in lower case."""
        return b", ".join([value for key, value in self.fields if key == name])

    def lines(self) -> bytes:
        """The fields, ready to be sent, without the length."""
        return b"".join([b"%b: %b\r\n" % pair for pair in self.fields if pair[0] != b"content-length"])
