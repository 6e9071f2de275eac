"""Which workers of facades there are, which version of the routes each has, and waiting until all of them have one.

A worker is heard of in two ways, Valkey and its own questions for the routes, and is known by either. It refuses to take silence
for a farewell: a worker that was there when the wait began and has said nothing since is named, whether it hangs or is dead.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

import valkey
from django.db import Error, connections

from chassis.registry.facades import FAREWELL_PREFIX, LIVING, BadWord, Word
from migrations_tools.control import valkeys
from migrations_tools.control.router import DATABASE

WAIT_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.05

_HEARD = """
INSERT INTO control_facadeworker (name, version, heard_at, expected_until, gone)
VALUES (%(name)s, %(version)s, now(), now() + make_interval(secs => %(seconds)s), %(seconds)s = 0)
ON CONFLICT (name) DO UPDATE SET version = excluded.version, heard_at = excluded.heard_at,
    expected_until = excluded.expected_until, gone = excluded.gone
WHERE NOT control_facadeworker.gone
"""
_FORGET = "DELETE FROM control_facadeworker WHERE expected_until < now() - interval '10 minutes'"
_KNOWN = """
SELECT name, version, gone, expected_until > now(), extract(epoch FROM now() - heard_at)::float8
FROM control_facadeworker WHERE expected_until > now() - interval '10 minutes'
"""

log = logging.getLogger(__name__)


class FacadesBehind(RuntimeError):
    """What was changed is changed, but some workers of facades do not have it; until they do, they route as before."""

    def __init__(self, reach: "Reach") -> None:
        named = ", ".join(worker.words() for worker in reach.late)
        blind = "" if reach.valkey else "; Valkey is down, so they hear only by asking control"
        super().__init__(
            f"version {reach.version} is written, but has not reached {named}; {reach.told} workers of facades have it{blind}."
            " Until a worker has it, it routes as before; run the command again to see whether it has caught up"
        )
        self.reach = reach


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker; `living`: it keeps its promise to be heard. `silent`: seconds since control heard it, None if it never did."""

    name: str
    version: int
    living: bool
    silent: float | None

    def words(self) -> str:
        heard = "" if self.silent is None else f", last heard {self.silent:.0f} s ago"
        return f"{self.name} (version {self.version}{heard})"


@dataclass(frozen=True, slots=True)
class Reach:
    """What became of a version: so many workers were `told`; `late` do not have it; `lost` have not been heard for so long that
    nobody waited for them, though they have not said farewell. `valkey`: whether it could be asked.
    """

    version: int
    told: int
    late: tuple[Worker, ...]
    lost: tuple[Worker, ...]
    valkey: bool

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def remarks(self) -> list[str]:
        """What somebody should know although nothing is missing."""
        said = [f"{self.told} workers of facades have version {self.version}"]
        if not self.valkey:
            said.append("Valkey is down: this is what the workers told control when they asked for their routes")
        if self.lost:
            said.append(f"not waited for, since they are silent: {', '.join(worker.words() for worker in self.lost)}")
        return said


def heard(word: str | None) -> None:
    """Take down what a worker says of itself. Nothing that goes wrong here costs it its routes."""
    if word is None:
        return
    try:
        said = Word.decode(word)
        with connections[DATABASE].cursor() as cursor:
            cursor.execute(_HEARD, asdict(said))
            if said.seconds == 0:
                cursor.execute(_FORGET)
    except (BadWord, Error) as error:
        log.warning("a facade's worker could not be taken down: %s", error)


def await_applied(version: int, seconds: float | None = None) -> Reach:
    """Wait until every living worker has a version, `WAIT_SECONDS` unless told otherwise; what came of it."""
    deadline = time.monotonic() + (WAIT_SECONDS if seconds is None else seconds)
    waited: set[str] = set()
    while True:
        workers, reachable = _known()
        late = [one for one in workers if one.version < version and (one.living or one.name in waited)]
        waited.update(one.name for one in late)
        if not late or time.monotonic() >= deadline:
            told = sum(one.living and one.version >= version for one in workers)
            lost = [one for one in workers if not one.living and one not in late]
            return Reach(version, told, tuple(late), tuple(lost), reachable)
        time.sleep(_PAUSE_SECONDS)


def _known() -> tuple[list[Worker], bool]:
    """All workers that have not said farewell, by name, and whether Valkey could be asked."""
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(_KNOWN)
        rows = cursor.fetchall()
    gone = {name for name, _, farewell, *_ in rows if farewell}
    found = {name: Worker(name, version, living, silent) for name, version, _, living, silent in rows}
    reachable = True
    try:
        with valkeys.connected() as client:
            gone.update(_gone(client, list(found)))
            for name, version in _living(client):
                known = found.get(name, Worker(name, 0, living=True, silent=None))
                found[name] = Worker(name, max(version, known.version), living=True, silent=known.silent)
    except valkey.ValkeyError:
        reachable = False
    return [found[name] for name in sorted(found.keys() - gone)], reachable


def _gone(client: valkey.Valkey, names: list[str]) -> Iterable[str]:
    """Those that have said farewell to Valkey: control may have been ended with them."""
    said: Any = client.mget([FAREWELL_PREFIX + name for name in names]) if names else []
    return (name for name, farewell in zip(names, said, strict=True) if farewell is not None)


def _living(client: valkey.Valkey) -> Iterable[tuple[str, int]]:
    flat: Any = client.eval(LIVING, 0)
    return [(name.decode(), int(version)) for name, version in zip(flat[::2], flat[1::2], strict=True)]
