"""What a facade's memory does over a fixed count of requests, no two of them with the same header."""

from benchmarks.gateway.clients import requests
from benchmarks.gateway.lineup import Contender
from benchmarks.gateway.load import wrk
from benchmarks.gateway.origin import BODIES

CONNECTIONS = 64
WARM = 0.05
"""The share of all requests after which the memory counts as that of the beginning."""


def growth(contender: Contender, total: int, seconds: int) -> tuple[int, list[float]]:
    """How many requests were answered, at least `total`, and MiB at the beginning and after each piece from there on.
    The load comes in pieces of so many `seconds`.
    """
    answered = 0
    points: list[float] = []
    while answered < total:
        sent = requests(contender.path("small"), unseen=True)
        answered += wrk(contender.port, sent, CONNECTIONS, seconds, len(BODIES["small"])).answers
        if answered >= total * WARM:
            points.append(contender.program.resident_mib())
    return answered, points
