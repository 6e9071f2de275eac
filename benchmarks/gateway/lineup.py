"""The peers at work, side by side in front of one upstream; only one of them is asked at a time."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gateway.origin import FILES, PLACES, PROBE, Origin
from benchmarks.gateway.peers import Peer, Setting
from benchmarks.gateway.programs import Program
from chassis.ports import free_port

DIRECT = "direct"


def named(peer: str, workers: int) -> str:
    """What a peer with so many workers is called in the figures."""
    return peer if workers == 1 else f"{peer}, {workers} workers"


@dataclass(frozen=True, slots=True)
class Contender:
    """One peer that runs, or the upstream itself as `direct`."""

    name: str
    program: Program
    place: str

    @property
    def port(self) -> int:
        return self.program.port

    def path(self, body: str) -> str:
        """Where it has this body."""
        return f"/{self.place}/{FILES[body]}"


@dataclass(frozen=True, slots=True)
class Ground:
    """What every peer stands on."""

    folder: Path
    origin: Origin
    valkey_url: str

    @property
    def direct(self) -> Contender:
        """The call without a proxy."""
        return Contender(DIRECT, self.origin.program, PLACES[0])

    @contextmanager
    def running(self, peers: Sequence[Peer], processors: frozenset[int], *, workers: int = 1) -> Iterator[list[Contender]]:
        """All of these peers, in their order, each with so many workers on these processors."""
        with ExitStack() as stack:
            yield [stack.enter_context(self._one(peer, processors, workers)) for peer in peers]

    @contextmanager
    def _one(self, peer: Peer, processors: frozenset[int], workers: int) -> Iterator[Contender]:
        port = free_port()
        folder = self.folder / f"{peer.name.replace(' ', '-')}-{port}"
        folder.mkdir()
        start = peer.start(Setting(folder, port, self.origin.port, self.valkey_url, workers))
        with Program(peer.name, start, port=port, folder=folder, processors=processors, probe=PROBE) as program:
            yield Contender(named(peer.name, workers), program, peer.place)
