"""The generator as a child process."""

from pathlib import Path

import pytest

from migrations_tools.demo.customers import Account
from migrations_tools.demo.ledger import ledger
from migrations_tools.demo.record import Closed, Drained, entries
from migrations_tools.demo.writers import LoadFailed, Writers
from tests.unit.demo.shop import Shop, opened

ACCOUNTS = [Account(f"c{number}@x", "passphrase") for number in range(10)]


def _shop() -> Shop:
    shop = Shop()
    for account in ACCOUNTS:
        shop.add(account.email, account.password)
    return shop


def _writers(origin: str, tmp_path: Path) -> Writers:
    return Writers(origin, ACCOUNTS, tmp_path / "load.ndjson", "r1", rate=100, signed_in=5)


def test_a_block_is_a_load(tmp_path: Path) -> None:
    """Within the block there is traffic; after it the generator has ended by itself, with a last look and nothing in flight."""
    with opened(_shop()) as origin, _writers(origin, tmp_path) as writers:
        assert writers.alive
    assert not writers.alive
    told = list(entries(tmp_path / "load.ndjson"))
    assert isinstance(told[-1], Closed)
    assert any(isinstance(entry, Drained) for entry in told)
    assert ledger(told).requests > 5


def test_a_killed_load_leaves_a_journal(tmp_path: Path) -> None:
    """kill -9 loses nothing that was acknowledged: the journal can be judged."""
    with opened(_shop()) as origin:
        writers = _writers(origin, tmp_path)
        writers.start()
        writers.kill()
    assert ledger(entries(tmp_path / "load.ndjson")).acknowledged_writes >= 5


def test_no_facade_is_told(tmp_path: Path) -> None:
    """A load that cannot begin says why, instead of waiting."""
    with pytest.raises(LoadFailed, match="no connection"):
        _writers("http://127.0.0.1:1", tmp_path).start()
