"""Traffic as a load balancer sends it, and what a facade's metrics and processes say of themselves.

The balancer repeats nothing that was sent: a request that a restart breaks off is a failure, and shows.
"""

import http.client
import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chassis.registry import announcer as announcing
from chassis.registry.announcer import Announcer
from facade.exposition import pairs
from tests.integration.facade.entrance import Entrance
from tests.integration.facade.scripted import ScriptedUpstream

_PROBE_SECONDS = 0.05
_WAIT_FOR_ONE = 10.0
_GOOD = (200, 201)
_FIRST = {"worker": "0"}


def gauge(entrance: Entrance, name: str, context: str | None = None) -> float:
    """A number of the facade's metrics, by what follows `banyan_facade_`; where it has labels the sum of it, or of those of one
    context, or of those that have the labels in the name. Of the first worker, where each has its own.
    """
    plain, _, written = name.rstrip("}").partition("{")
    found = re.findall(rf"^banyan_facade_{plain}(?:{{(.*)}})? (\S+)$", entrance.metrics(), re.MULTILINE)
    of = {"context": context} if context is not None else {}
    wanted = {**_FIRST, **of, **pairs(written)}.items()
    numbers = [float(number) for labels, number in found if wanted <= {**_FIRST, **pairs(labels)}.items()]
    assert numbers if written else found, f"there is no metric {name}"
    return sum(numbers)


def announced(service: ScriptedUpstream, valkey_url: str, context: str = "users") -> Announcer:
    """The service's voice in the registry, with quick heartbeats."""
    voice = Announcer(announcing.instance(context, service.url), valkey_url, heartbeat=0.05)
    voice.start()
    return voice


def workers(entrance: Entrance) -> list[int]:
    """The process ids of a facade's workers that answer."""
    return [one["pid"] for one in entrance.tell("/status").json()["each"] if one["answered"]]


def children(entrance: Entrance) -> list[int]:
    """The process ids of a facade's workers, and of the process of its admin port."""
    assert entrance.process is not None
    pid = entrance.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether this process still does anything."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@dataclass
class Balancer:
    """Chooses, in turn, among the facades of which /readyz says 200; `away` holds the ports of the others."""

    ports: list[int]
    away: set[int] = field(default_factory=set)
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)
    _over: threading.Event = field(default_factory=threading.Event)
    _probes: list[threading.Thread] = field(default_factory=list)

    def start(self) -> "Balancer":
        self.away = {port for port in self.ports if not self._ready(port)}
        self._probes = [threading.Thread(target=self._probe, args=(port,)) for port in self.ports]
        for probe in self._probes:
            probe.start()
        return self

    def stop(self) -> None:
        self._over.set()
        for probe in self._probes:
            probe.join()

    def pick(self) -> int:
        """The next port; waits while there is none."""
        deadline = time.monotonic() + _WAIT_FOR_ONE
        while not (ready := [port for port in self.ports if port not in self.away]):
            assert time.monotonic() < deadline, "no facade is ready"
            time.sleep(_PROBE_SECONDS)
        return ready[next(self._turn) % len(ready)]

    def _probe(self, port: int) -> None:
        while not self._over.wait(_PROBE_SECONDS):
            if self._ready(port):
                self.away.discard(port)
            else:
                self.away.add(port)

    @staticmethod
    def _ready(port: int) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@dataclass(frozen=True)
class Wish:
    """A request that a client wants answered."""

    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def in_turn(path: str) -> Callable[[int, int], Wish]:
    """GETs and POSTs of this path; each POST's body is a name of its own."""
    return lambda client, count: Wish("POST", path, b"%d-%d" % (client, count)) if count % 2 else Wish("GET", path)


class Traffic:
    """Steady requests from `clients` threads, `rate` of each a second: what `wishes` makes of a client's number and its count of
    requests, or GETs and POSTs of that path. `written`: the bodies of those that were answered with 200 or 201. `statuses` has 0
    for no answer, `failed` what else went wrong, in words.
    """

    def __init__(
        self, balancer: Balancer, wishes: str | Callable[[int, int], Wish], *, clients: int = 4, rate: float = 50.0
    ) -> None:
        self.statuses: Counter[int] = Counter()
        self.written: list[bytes] = []
        self.failed: list[str] = []
        self._balancer = balancer
        self._wishes = in_turn(wishes) if isinstance(wishes, str) else wishes
        self._pause = 1 / rate
        self._over = threading.Event()
        self._clients = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def __enter__(self) -> "Traffic":
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for client in self._clients:
            client.join()

    def _run(self, number: int) -> None:
        kept: dict[int, http.client.HTTPConnection] = {}
        for count in itertools.count():
            if self._over.wait(self._pause):
                break
            for port in self._balancer.away & kept.keys():
                kept.pop(port).close()
            wish = self._wishes(number, count)
            status = self._ask(kept, wish)
            self.statuses[status] += 1
            if status in _GOOD and wish.body is not None:
                self.written.append(wish.body)
        for connection in kept.values():
            connection.close()

    def _ask(self, kept: dict[int, http.client.HTTPConnection], wish: Wish) -> int:
        """The status of one request, 0 without one. Only a connection that could not be made is tried again, elsewhere."""
        port = self._balancer.pick()
        connection = kept.pop(port, None) or self._connected(port)
        if connection is None:
            return self._ask(kept, wish)
        try:
            connection.request(wish.method, wish.path, wish.body, wish.headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(f"{wish.method}: {error!r}")
            connection.close()
            return 0
        if response.status not in _GOOD:
            self.failed.append(f"{wish.method}: {response.status} {content!r}")
        if response.will_close:
            connection.close()
        else:
            kept[port] = connection
        return response.status

    def _connected(self, port: int) -> http.client.HTTPConnection | None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with suppress(OSError):
            connection.connect()
            return connection
        self._balancer.away.add(port)
        return None
