"""What a facade's memory does over more than an hour's worth of requests, no two of them with the same header.

The hour is one at the open loop's rate. The count stands for it, not the time: what could pile up does so by requests. They come
as fast as they are answered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.gateway.clients import requests
from benchmarks.gateway.lineup import Contender
from benchmarks.gateway.load import closed_loop
from benchmarks.gateway.origin import BODIES
from benchmarks.gateway.paced import RATE

REQUESTS = 2_000_000
"""At scale 1."""
HOUR = RATE * 3600
"""Requests of the hour that they stand for: 1,800,000."""
CONNECTIONS = 64
WARM = 0.05
"""The share of all requests after which the memory counts as that of the beginning."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`answered`: requests from the start of the load to the end of this piece; what the facade held then."""

    answered: int
    mebibytes: float


def growth(contender: Contender, total: int, seconds: int, begin: Callable[[int], None]) -> list[Piece]:
    """The load in pieces of so many `seconds`: at least `total` requests, and two pieces after the beginning. `begin` is told how
    many are answered when a piece begins. Raises `LoadFailed`.
    """
    answered = 0
    pieces: list[Piece] = []
    while answered < total or sum(piece.answered >= total * WARM for piece in pieces) < 2:
        begin(answered)
        sent = requests(contender.path("small"), unseen=True)
        answered += closed_loop(contender.port, sent, CONNECTIONS, seconds, len(BODIES["small"])).answers
        pieces.append(Piece(answered, contender.program.resident_mib()))
    return pieces


def grown(pieces: Sequence[Piece]) -> float:
    """The greatest memory of any piece by that of the beginning, which is that of the first piece that ends warm."""
    warm = [piece.mebibytes for piece in pieces if piece.answered >= pieces[-1].answered * WARM]
    return max(warm) / warm[0]
