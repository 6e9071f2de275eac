"""The generator against a little shop: it keeps the rate, and sees what it is there to see."""

import asyncio
import random
from pathlib import Path

import pytest

from migrations_tools.demo.client import Client
from migrations_tools.demo.customers import Account, Crowd
from migrations_tools.demo.generator import Generator
from migrations_tools.demo.ledger import Ledger, ledger
from migrations_tools.demo.mix import OPERATIONS, Mix
from migrations_tools.demo.record import Ended, Journal, entries
from tests.unit.demo.shop import Shop, opened

RATE = 300.0
SECONDS = 1.2


async def _load(origin: str, journal: Journal, accounts: list[Account]) -> None:
    async with Client(origin, timeout=5) as client:
        crowd = Crowd(accounts, random.Random(1))
        generator = Generator(client, journal, crowd, run="r1", rate=RATE, seed=1)
        await generator.prepare(20)
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(SECONDS, stop.set)
        await generator.keep_up(stop)
        await generator.look_again()


def _run(shop: Shop, path: Path) -> Ledger:
    accounts = [Account(f"c{number}@x", "passphrase") for number in range(40)]
    for account in accounts:
        shop.add(account.email, account.password)
    with opened(shop) as origin, Journal(path) as journal:
        asyncio.run(_load(origin, journal, accounts))
    return ledger(entries(path))


def test_it_keeps_the_rate_and_finds_a_good_shop_good(tmp_path: Path) -> None:
    """Against a shop that keeps its promises nothing fails and nothing is stale, and every common operation occurs."""
    book = _run(Shop(), tmp_path / "j")
    assert not book.failed
    assert not book.stale
    ended = [entry for entry in entries(tmp_path / "j") if isinstance(entry, Ended)]
    scheduled = [entry for entry in ended if not entry.op.startswith("last look")]
    assert len(scheduled) >= RATE * SECONDS
    assert {entry.op for entry in scheduled} >= {operation.name for operation in OPERATIONS if operation.share >= 3}
    assert book.acknowledged_writes > 100


def test_each_promise_is_kept_by_the_shop(tmp_path: Path) -> None:
    """The ledger, replayed from the journal, is the shop's own state: nickname by nickname, address by address."""
    shop = Shop()
    book = _run(shop, tmp_path / "j")
    for email, expectation in book.customers.items():
        for name in expectation.named("address:"):
            number = int(name.removeprefix("address:"))
            held = shop.customers[email]["addresses"].get(number, {}).get("label")
            assert held == expectation.slots[name].value
        if expectation.named("nickname"):
            assert shop.customers[email]["nickname"] == expectation.slots["nickname"].value


@pytest.mark.parametrize("planted", ["profile", "once"])
def test_a_broken_promise_is_a_stale_read(planted: str, tmp_path: Path) -> None:
    """A change that was acknowledged and not done, and an address that was added twice, show in the customer's next reads."""
    book = _run(Shop(forgets=planted), tmp_path / "j")
    assert book.stale


def test_a_forgotten_registration_shows(tmp_path: Path) -> None:
    """A customer whose registration was acknowledged and lost cannot sign in, which is a failure."""
    book = _run(Shop(forgets="register"), tmp_path / "j")
    assert any(ended.op == "login" for ended in book.failed)


@pytest.mark.parametrize("planted", [Shop(breaks=150), Shop(hangs_up=150)])
def test_one_failure_among_hundreds_is_seen(planted: Shop, tmp_path: Path) -> None:
    """A single 500, or a single connection closed without an answer, is a failed request, and no read is called stale for it."""
    book = _run(planted, tmp_path / "j")
    assert len(book.failed) == 1
    assert not book.stale


def test_a_seed_is_a_mix() -> None:
    """The same seed draws the same operations in the same order."""
    first, again, other = ([mix.draw().name for _ in range(50)] for mix in (Mix(1), Mix(1), Mix(2)))
    assert first == again
    assert first != other
