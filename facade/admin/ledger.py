"""What the numbers of several workers come to. Pure.

Counters never fall: what a worker had counted when it died, or began anew, goes on being counted, and so does what one had
counted that does not answer just now. (What it counted since it was last asked is lost with it.) Gauges are those of the workers
that answer.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from facade.exposition import Across, Family, Series, labels

_Place = tuple[str, Series]
"""A family's name, and one of its series."""


@dataclass(slots=True)
class _Account:
    """What is known of one worker's counters. `birth` names the process that counts them now."""

    birth: str = ""
    past: dict[_Place, float] = field(default_factory=dict)
    last: dict[_Place, float] = field(default_factory=dict)


class Ledger:
    """Keeps the books over all workers, by their numbers."""

    def __init__(self) -> None:
        self._accounts: defaultdict[int, _Account] = defaultdict(_Account)
        self._known: dict[str, Family] = {}

    def merged(self, answered: Mapping[int, tuple[str, Iterable[Family]]]) -> list[Family]:
        """One family for each name. `answered`: what the workers that answer have told, each with the name of its process."""
        told = {worker: list(families) for worker, (_, families) in answered.items()}
        for worker, families in told.items():
            self._take(self._accounts[worker], answered[worker][0], families)
            self._known.update(
                {family.name: replace(family, samples={}) for family in families if family.name not in self._known}
            )
        counted = self._counted()
        found = []
        for name, known in self._known.items():
            if known.counts:
                found.append(replace(known, samples=counted.get(name, {})))
            else:
                ours = {worker: family for worker, families in told.items() for family in families if family.name == name}
                found.append(replace(known, samples=_gauged(known.across, ours)))
        return found

    def _take(self, account: _Account, birth: str, families: Iterable[Family]) -> None:
        now = {(one.name, series): value for one in families if one.counts for series, value in one.samples.items()}
        for place, value in account.last.items():
            if birth != account.birth or now.get(place, value) < value:
                account.past[place] = account.past.get(place, 0.0) + value
        account.birth, account.last = birth, now

    def _counted(self) -> dict[str, dict[Series, float]]:
        total: dict[str, dict[Series, float]] = {}
        for account in self._accounts.values():
            for counts in (account.past, account.last):
                for (name, series), value in counts.items():
                    family = total.setdefault(name, {})
                    family[series] = family.get(series, 0) + value
        return total


def _gauged(across: Across, families: Mapping[int, Family]) -> dict[Series, float]:
    found: dict[Series, float] = {}
    for worker, family in families.items():
        for (suffix, written), value in family.samples.items():
            if across is Across.EACH:
                own = labels(worker=str(worker))
                found[suffix, f"{written},{own}" if written else own] = value
            elif across is Across.SUM:
                found[suffix, written] = found.get((suffix, written), 0) + value
            else:
                found[suffix, written] = max(found.get((suffix, written), value), value)
    return found
