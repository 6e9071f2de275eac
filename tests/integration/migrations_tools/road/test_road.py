"""The whole road by its commands: on, back, on again, and every door on the way."""

import csv
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from django.core.management import call_command
from django.db import connections

from chassis.replica.authority import of_this_side
from migrations_tools.control import facades
from migrations_tools.control.flags import current
from migrations_tools.control.models import Journal, PhaseChange, VerifyRun
from migrations_tools.cutover import STEPS
from migrations_tools.phases import Phase
from migrations_tools.relay.sides import Sides
from migrations_tools.seams import users_port
from monolith.users.api import NewAddress
from monolith.users.models import Address, User
from tests.integration.migrations_tools.road.conftest import Eventually
from tests.integration.migrations_tools.road.operate import compared, done, on_the_way, refused, told

pytestmark = [
    pytest.mark.django_db(databases=["default", "control"], transaction=True),
    pytest.mark.usefixtures("relay"),
]


@pytest.fixture(autouse=True)
def customers(both: Sides) -> list[User]:
    """Thirty customers from before the migration, some with an address."""
    users = User.objects.bulk_create(User(email=f"user{number}@example.org", first_name="U") for number in range(30))
    Address.objects.bulk_create(Address(user=user, kind=5, city="Riga") for user in users[::3])
    return users


def test_the_road_there_and_back_and_there_again(both: Sides, customers: list[User]) -> None:
    """From monolith to service, back, and to the service again; both sides hold the same all the way."""
    begun = done("context", "begin", "users")
    assert (begun["phase"], begun["epoch"]) == ("dual_write", 1)
    assert done("context", "backfill", "users")["rows"] == len(customers)
    assert done("context", "verify", "users")["equal"] == len(customers)
    done("context", "shadow", "users", "--percent", "20")
    compared()
    for percent in ("10", "50", "100"):
        assert done("context", "canary", "users", "--percent", percent)["read_percent"] == int(percent)
    first = done("context", "cutover", "users")
    assert (first["phase"], first["epoch"], of_this_side("users").owner) == ("service", 2, "service")
    assert done("context", "verify", "users")["equal"] == len(customers)
    back = done("context", "rollback", "users")
    assert (back["phase"], back["epoch"], of_this_side("users").owner) == ("canary", 3, "monolith")
    assert current("users").read_percent == 0
    refusal = refused("context", "cutover", "users")
    assert [gate["name"] for gate in refusal["gates"] if not gate["ok"]] == ["verified"]
    done("context", "verify", "users")
    assert done("context", "cutover", "users")["epoch"] == 4
    assert [journal.outcome for journal in Journal.objects.all()] == ["done"] * 3
    assert all(journal.pause_ms < 1000 for journal in Journal.objects.all())


def test_in_process_callers_follow_the_authority(both: Sides, customers: list[User]) -> None:
    """Whoever holds the port sees the same customers, and writes arrive, before and after the cut-over."""
    key = customers[1].pk
    address = NewAddress("shipping", "", ("Main street 1",), "Riga", "", "", "LV")
    users_port.cache_clear()
    port = users_port()
    first = port.save_address(key, address)
    before = port.customer(key)
    on_the_way()
    done("context", "cutover", "users")
    assert port.customer(key) == before
    assert port.save_address(key, address) == first, "a repetition at the other side adds nothing"
    second = port.save_address(key, replace(address, label="Summer"))
    assert second.number > first.number
    assert not Address.objects.filter(pk=second.number).exists() or of_this_side("users").owner == "service"
    done("context", "rollback", "users")
    assert {line.number for line in port.customer(key).addresses} == {first.number, second.number}


def test_nothing_is_refused_without_telling_the_danger(both: Sides) -> None:
    """A phase change with an unmet gate says what would have gone wrong, and what to run next;
    nothing has changed.
    """
    done("context", "begin", "users")
    report = refused("context", "shadow", "users")
    [gate] = [gate for gate in report["gates"] if not gate["ok"]]
    assert gate["name"] == "backfilled"
    assert gate["command"] == "manage.py context backfill users"
    assert current("users").phase is Phase.DUAL_WRITE


def test_force_is_recorded_and_no_master_key(both: Sides) -> None:
    """Forcing passes a gate that loses nothing, is written down, and does not pass a safety gate."""
    done("context", "begin", "users")
    refused("context", "shadow", "users", "--force")
    done("context", "backfill", "users")
    done("context", "shadow", "users")
    refused("context", "canary", "users", "--force")
    done("context", "verify", "users")
    refused("context", "canary", "users")
    done("context", "canary", "users", "--force", "--note", "nobody reads at night")
    latest = PhaseChange.objects.first()
    assert latest is not None
    assert latest.forced
    assert latest.note == "nobody reads at night"


@pytest.mark.parametrize("operation", ["begin", "backfill", "shadow", "canary", "cutover", "rollback", "complete", "cancel"])
def test_a_rehearsal_changes_nothing(both: Sides, operation: str) -> None:
    """`--dry-run` leaves phase, history and authority as they are, whether it would have been
    refused or not.
    """
    if operation in ("rollback", "complete"):
        on_the_way()
        done("context", "cutover", "users")
        done("context", "verify", "users")
    elif operation != "begin":
        on_the_way()
    before = (current("users"), PhaseChange.objects.count(), Journal.objects.count(), of_this_side("users"))
    if operation in ("shadow", "cutover", "canary", "begin", "cancel", "rollback", "complete", "backfill"):
        assert done("context", operation, "users", "--dry-run")["dry_run"] is True
    assert (current("users"), PhaseChange.objects.count(), Journal.objects.count(), of_this_side("users")) == before


def test_a_rehearsal_narrates_the_steps_of_the_performance(both: Sides) -> None:
    """The numbered steps are told, and after a first hand-over also how long writers will wait."""
    on_the_way()
    narrated = [line for line in told("context", "cutover", "users", "--dry-run").splitlines() if line.startswith("would ")]
    assert [line.partition(":")[0] for line in narrated] == [f"would {number}" for number in range(1, len(STEPS) + 2)]
    assert [line.endswith("(writers wait)") for line in narrated] == [*(step.fenced for step in STEPS), False]
    assert "wait until every facade's workers have the flags" in narrated[-1]
    assert "POINT OF NO RETURN" in narrated[6]
    done("context", "cutover", "users")
    done("context", "rollback", "users")
    done("context", "verify", "users")
    assert done("context", "cutover", "users", "--dry-run")["predicted_pause_ms"] > 0


def test_planted_drift_is_found_and_repaired(both: Sides, customers: list[User]) -> None:
    """One changed, one missing, one extra: found by verify, gone after repair, and the exit code says so."""
    done("context", "begin", "users")
    done("context", "backfill", "users")
    with both.service.connect("drift") as connection, connection.transaction():
        connection.execute("SELECT set_config('banyan.applying', 'users', true)")
        connection.execute("UPDATE accounts SET name_given = 'drift' WHERE id = %s", (customers[3].pk,))
        connection.execute("DELETE FROM accounts WHERE id = %s", (customers[4].pk,))
        connection.execute("INSERT INTO accounts (id, email, name_given) VALUES (999999, 'extra@example.org', '')")
    report = refused("context", "verify", "users", "--repair")
    assert (report["equal"], report["different"], report["missing"], report["extra"]) == (len(customers) - 2, 1, 1, 1)
    assert report["repaired"] == 3
    different = next(sample for sample in report["samples"] if sample["kind"] == "different")
    assert different["fields"] == {"name.given": ["U", "drift"]}
    assert done("context", "verify", "users")["equal"] == len(customers)
    run = VerifyRun.objects.last()
    assert run is not None
    assert run.divergences.filter(repaired=True).count() == 3


def test_cancel_leaves_the_monolith_as_it_was(both: Sides) -> None:
    """From a canary back to the monolith alone: no trigger is left, writes go on, and one may begin again."""
    on_the_way()
    done("context", "cancel", "users")
    assert current("users").phase is Phase.MONOLITH
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'banyan%%'")
        assert cursor.fetchone() == (0,)
    User.objects.create(email="after@example.org")
    refused("context", "cancel", "users")
    again = done("context", "begin", "users")
    assert again["epoch"] == 2
    assert refused("context", "shadow", "users")["gates"][1]["measured"] == "not measured"
    done("context", "backfill", "users")
    done("context", "verify", "users")


def test_cancel_waits_for_the_facades(both: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    """A facade that still sends reads to the service must not be left with a copy that no longer moves."""
    on_the_way()
    monkeypatch.setattr(facades, "WAIT_SECONDS", 0.1)
    facades.heard("slow;version=1;seconds=60")
    assert "slow" in refused("context", "cancel", "users")["error"]
    assert current("users").phase is Phase.CANARY
    facades.heard("slow;version=1;seconds=0")
    done("context", "cancel", "users")


def test_a_change_is_over_when_every_facade_has_it(both: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command that changes flags ends with 1 and names the workers that route as before; the change stands."""
    done("context", "begin", "users")
    monkeypatch.setattr(facades, "WAIT_SECONDS", 0.1)
    facades.heard("slow;version=1;seconds=60")
    facades.heard("quick;version=9;seconds=60")
    report = done("context", "backfill", "users")
    assert "facades" not in report
    done("context", "verify", "users")
    report = refused("context", "shadow", "users", "--percent", "10")
    assert "slow (version 1" in report["error"]
    assert "quick" not in report["error"]
    assert (report["facades"]["told"], [worker["name"] for worker in report["facades"]["late"]]) == (1, ["slow"])
    assert current("users").phase is Phase.SHADOW
    facades.heard("slow;version=9;seconds=60")
    assert done("context", "shadow", "users", "--percent", "20")["facades"]["told"] == 2


@pytest.fixture
def _tables_made_anew(both: Sides) -> Iterator[None]:
    """What `complete` drops is made again, for the tests that come after."""
    yield
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'users'")
    call_command("migrate", "users", verbosity=0)


@pytest.mark.usefixtures("_tables_made_anew")
def test_complete_archives_before_it_drops(both: Sides, customers: list[User]) -> None:
    """The legacy tables are in a readable archive with counts and checksums, and gone; the
    service goes on alone.
    """
    on_the_way()
    done("context", "cutover", "users")
    done("context", "verify", "users")
    assert "--yes" in refused("context", "complete", "users")["error"]
    report = done("context", "complete", "users", "--yes")
    folder = Path(report["archive"])
    manifest = {entry["table"]: entry for entry in orjson.loads((folder / "manifest.json").read_bytes())}
    content = gzip.decompress((folder / "users_user.csv.gz").read_bytes())
    assert manifest["users_user"]["rows"] == len(customers) == len(list(csv.DictReader(content.decode().splitlines())))
    assert hashlib.sha256(content).hexdigest() == manifest["users_user"]["sha256"]
    assert current("users").phase is Phase.EXTRACTED
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'users\\_%%'")
        assert cursor.fetchone() == (0,)


def test_contexts_tells_where_everything_stands(
    both: Sides, customers: list[User], stranger: object, eventually: Eventually
) -> None:
    """The table names phase, authority and queue; a stranger's long transaction is named as what
    holds the horizon back.
    """
    on_the_way()
    standing = done("contexts")["users"]
    assert (standing["phase"], standing["authority"], standing["epoch"]) == ("canary", "monolith", 1)
    assert (standing["outbox"], standing["parked"], standing["strangers"]) == (0, 0, [])
    with stranger.transaction():
        stranger.execute("SELECT pg_current_xact_id()")
        User.objects.filter(pk=customers[0].pk).update(first_name="held back")
        eventually(lambda: done("contexts")["users"]["strangers"])
        standing = done("contexts")["users"]
    assert standing["strangers"][0]["application"] == "stranger"
    assert standing["outbox"] == 1
    eventually(lambda: done("contexts")["users"]["outbox"] == 0)
    assert "canary" in told("contexts")
