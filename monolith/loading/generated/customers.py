"""Customer n of a seed, with addresses and preferences. The hot path of a generated load: some ten microseconds a row."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from monolith.loading.generated import FIRST_KEY, words
from monolith.loading.keys import milliseconds, public_id
from monolith.loading.rows import AddressRow, PreferenceRow, UserRow

START = datetime(2018, 1, 1, tzinfo=UTC)
SIX_YEARS = 6 * 365 * 86_400
ADDRESSES_EACH = 4  # keys are spread: customer n owns the address keys from 4n on


class Person(NamedTuple):
    user: UserRow
    addresses: list[AddressRow]
    preferences: list[PreferenceRow]


def person(random: Random, seed: int, number: int, password: str) -> Person:
    """The customer with the number `number` (from 0); `random` must stand where the customer before left it."""
    draw = random.random
    key = FIRST_KEY + number
    joined = START + timedelta(seconds=int(draw() * SIX_YEARS))
    if draw() < 0.3:
        joined += timedelta(microseconds=int(draw() * 1_000_000))
    first, last = _pick(words.FIRST, draw()), _pick(words.LAST, draw())
    line1, line2, town = _place(draw(), draw(), draw(), draw())
    user = UserRow(
        key,
        public_id(f"generated/{seed}/customer/{number}", milliseconds(joined)),
        f"{first}.{last}{number}@{_pick(words.MAILBOXES, draw())}".replace(" ", "").lower(),
        password,
        joined,
        joined + timedelta(seconds=int(draw() * 40_000_000)),
        _pick(words.TITLES, draw()),
        first,
        _pick(words.MIDDLE, draw()),
        last,
        _pick(words.SUFFIXES, draw()),
        _pick(words.NICKNAMES, draw()),
        _phone(draw()),
        int(draw() * 4),
        line1,
        line2,
        *town,
        int(draw() * 3),
        f"GN{key:010d}" if draw() < 0.9 else "",
        draw() < 0.97,
    )
    return Person(user, list(_addresses(random, key, joined)), list(_preferences(random, key)))


def _pick(choices: tuple[words.Word, ...], at: float) -> words.Word:
    return choices[int(at * len(choices))]


def _phone(at: float) -> str:
    """A fifth each: none, national, with the country, in brackets, and with an extension."""
    spelling, digits = divmod(int(at * 5_000_000), 1_000_000)
    area, rest = divmod(digits, 1_000)
    if spelling == 0:
        return ""
    if spelling == 1:
        return f"{area:03d}-555-0{rest:03d}"
    if spelling == 2:
        return f"1 (11) 500 555-0{rest:03d}"
    if spelling == 3:
        return f"+49 221 555{rest:04d}"
    return f"({area:03d}) 555 0{rest:03d} x{area}"


def _place(missing: float, street: float, second: float, town: float) -> tuple[str, str, tuple[str, str, str, str]]:
    """One in thirty has no profile address, one in fifty only a second line or only a country."""
    if missing < 0.033:
        return "", "", ("", "", "", "")
    if missing < 0.043:
        return "", "c/o Müller", _pick(words.TOWNS, town)
    if missing < 0.053:
        return "", "", ("", "", "", _pick(words.TOWNS, town)[3])
    number = int(street * 9_000)
    return f"{number} {words.STREETS[number % len(words.STREETS)]}", _pick(words.SECOND_LINES, second), _pick(words.TOWNS, town)


def _addresses(random: Random, user: int, joined: datetime) -> Iterator[AddressRow]:
    """None for most, up to three: the share of customers with a further address falls by threes."""
    key = user * ADDRESSES_EACH
    while random.random() < 0.33 and key < user * ADDRESSES_EACH + ADDRESSES_EACH - 1:
        line1, line2, town = _place(1.0, random.random(), random.random(), random.random())
        kind, label = 1 + int(random.random() * 6), _pick(words.LABELS, random.random())
        yield AddressRow(key, user, kind, label, line1, line2, *town, joined + timedelta(days=int(random.random() * 400)))
        key += 1


def _preferences(random: Random, user: int) -> Iterator[PreferenceRow]:
    """None for half, else one or two of different names."""
    at = random.random() * 2
    if at < 1:
        name, value = _pick(words.PREFERENCES, at)
        yield PreferenceRow(user, name, value)
        if random.random() < 0.3 and name != "theme":
            yield PreferenceRow(user, "theme", "light")
