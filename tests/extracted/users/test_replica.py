"""What the relay sends is what the service keeps, and what it reads back; applying it again changes nothing."""

from copy import deepcopy
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acl.users.translate import to_service
from chassis.replica.apply import apply
from chassis.replica.digest import canonical
from chassis.replica.wire import Answer, Header, decode, encode
from extracted.users.replica import UserBinding
from tests.generators import adventureworks
from tests.generators.users import documents

Document = dict[str, Any]
BINDING = UserBinding()
SEQUENCE = count(1)
TABLES = ("accounts", "addresses", "sessions")
PEOPLE = 2_000


def send(connection: psycopg.Connection[Any], documents: dict[int, Document], *gone: int) -> Answer:
    """Apply one batch, as the replica endpoint does."""
    lines = list(decode(encode([*documents, *gone], documents)))
    header = Header("users", "user", epoch=0, lanes=(0,), sequence=next(SEQUENCE), horizon=1)
    return apply(connection, "service", BINDING, header, lines)


def kept(connection: psycopg.Connection[Any], keys: list[int]) -> dict[int, bytes]:
    """The service's documents, in canonical form."""
    return {key: canonical(document) for key, document in BINDING.read(connection.cursor(), keys).items()}


def rows(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Every row's place and the transaction that wrote it: changes when a row is written, even with the same values."""
    return [
        row
        for table in TABLES
        for row in connection.execute(f"SELECT '{table}', ctid::text, xmin::text FROM {table} ORDER BY ctid").fetchall()
    ]


@cache
def people(number: int) -> dict[int, Document]:
    """Real people; an address that two of them share stays with the first, as keys are unique."""
    taken: set[int] = set()
    found: dict[int, Document] = {}
    for legacy in adventureworks.people():
        document = to_service(legacy)
        mine = [address for address in document["addresses"] if address["number"] == 0 or address["number"] not in taken]
        taken |= {address["number"] for address in mine}
        found[document["id"]] = {**document, "addresses": mine}
        if len(found) == number:
            return found
    raise AssertionError("too few people")


def person(key: int, **changes: Any) -> Document:
    """One account with an address and a session, all of its unique values made from its key."""
    document = deepcopy(next(iter(people(1).values())))
    at = document["created_at"]
    session = {"id": UUID(int=key), "family": UUID(int=key), "token_hash": f"{key:064}", "issued_at": at, "expires_at": at}
    address = {**document["addresses"][0], "number": key, "kind": "home", "created_at": at}
    return {
        **document,
        "id": key,
        "public_id": UUID(int=key),
        "email": f"{key}@example.com",
        "addresses": [document["addresses"][0], address],
        "sessions": [{**session, "used_at": None, "revoked_at": None}],
        **changes,
    }


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=documents(key=1), then=documents(key=1))
def test_whatever_the_schema_admits_is_kept_and_read_back(
    replica: psycopg.Connection[Any], first: Document, then: Document
) -> None:
    """Every document of the schema survives, as a new account and over another one; a tombstone leaves nothing."""
    for document in (first, then):
        assert send(replica, {1: document}).refused == ()
        assert kept(replica, [1]) == {1: canonical(document)}
    send(replica, {}, 1)
    assert rows(replica) == []


def test_real_people_are_kept_and_a_second_batch_writes_nothing(replica: psycopg.Connection[Any]) -> None:
    """A batch applied twice rewrites not a single row; the accounts' versions stay."""
    sent = people(PEOPLE)
    assert send(replica, sent).applied == PEOPLE
    assert kept(replica, list(sent)) == {key: canonical(document) for key, document in sent.items()}
    before = rows(replica)
    assert send(replica, sent).refused == ()
    assert rows(replica) == before


def test_a_change_raises_the_version_of_that_account_only(replica: psycopg.Connection[Any]) -> None:
    """The service's own version moves with the account, so that an ETag from before a hand-over does not outlive a change."""
    send(replica, {1: person(1), 2: person(2)})
    send(replica, {1: person(1, account_number="AW1"), 2: person(2)})
    assert replica.execute("SELECT id, version FROM accounts ORDER BY id").fetchall() == [(1, 2), (2, 1)]


def test_parts_that_vanished_are_deleted(replica: psycopg.Connection[Any]) -> None:
    """An address, a profile address and a session that a document no longer has are gone, and nobody else's."""
    send(replica, {1: person(1), 2: person(2)})
    other = kept(replica, [2])
    bare = person(1, addresses=[], sessions=[])
    send(replica, {1: bare})
    assert kept(replica, [1, 2]) == {1: canonical(bare), **other}


def test_a_tombstone_takes_the_account_with_its_parts(replica: psycopg.Connection[Any]) -> None:
    """What is gone on the other side is gone here; applying the tombstone again is harmless."""
    send(replica, {1: person(1), 2: person(2)})
    for _ in range(2):
        assert send(replica, {}, 1).refused == ()
        assert list(kept(replica, [1, 2])) == [2]


def test_two_accounts_swap_their_email_addresses(replica: psycopg.Connection[Any]) -> None:
    """Unique values may change hands within a batch, in a ring as well."""
    send(replica, {key: person(key) for key in (1, 2, 3)})
    ring = {key: person(key, email=f"{key % 3 + 1}@example.com") for key in (1, 2, 3)}
    assert send(replica, ring).refused == ()
    assert kept(replica, [1, 2, 3]) == {key: canonical(document) for key, document in ring.items()}


def test_an_email_address_freed_by_a_tombstone_is_taken_in_the_same_batch(replica: psycopg.Connection[Any]) -> None:
    """The deletion comes first, whatever the order of the lines."""
    send(replica, {1: person(1)})
    heir = person(2, email="1@example.com")
    assert send(replica, {2: heir}, 1).refused == ()
    assert kept(replica, [1, 2]) == {2: canonical(heir)}


def test_parts_move_from_one_account_to_another(replica: psycopg.Connection[Any]) -> None:
    """An address and a session that change their owner arrive in one batch that names both."""
    one, two = person(1), person(2)
    send(replica, {1: one, 2: two})
    parts = {"addresses": [*two["addresses"], one["addresses"][1]], "sessions": one["sessions"] + two["sessions"]}
    parts["addresses"].sort(key=lambda address: address["number"])
    moved = {1: {**one, "addresses": one["addresses"][:1], "sessions": []}, 2: {**two, **parts}}
    assert send(replica, moved).refused == ()
    assert kept(replica, [1, 2]) == {key: canonical(document) for key, document in moved.items()}


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "1@example.com"},
        {"public_id": UUID(int=1)},
        {"sessions": person(1)["sessions"]},
        {"addresses": person(1)["addresses"]},
    ],
    ids=["email", "public_id", "session", "address"],
)
def test_a_value_that_another_account_has_is_refused_and_its_holder_named(
    replica: psycopg.Connection[Any], changes: Document
) -> None:
    """The holder's row is never touched from a batch that does not name it; the sender learns whom to send first."""
    send(replica, {1: person(1)})
    before = rows(replica)
    answer = send(replica, {2: person(2, **changes)})
    assert [(one.key, list(one.holders)) for one in answer.refused] == [(2, [1])]
    assert rows(replica) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"marketing": "everybody"},
        {"preferences": {"colour": 1}},
        {"preferences": {"x" * 41: ""}},
        {"preferences": ["a"]},
        {"phone": {"original": "", "kind": "fax"}},
        {"email": "x" * 255},
        {"password": None},
    ],
    ids=str,
)
def test_a_document_without_a_way_back_is_refused_alone(replica: psycopg.Connection[Any], changes: Document) -> None:
    """What the legacy shape cannot hold is refused, and the rest of its batch is kept."""
    answer = send(replica, {1: person(1, **changes), 2: person(2)})
    assert [one.key for one in answer.refused] == [1]
    assert list(kept(replica, [1, 2])) == [2]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from([None, "+1", "+16975550143"]))
def test_the_e164_form_is_derived_whatever_was_sent(replica: psycopg.Connection[Any], sent: str | None) -> None:
    """A sender that derived it wrongly is told apart by its digest, and cannot plant its mistake here."""
    document = person(1)
    document["phone"] = {"original": "697-555-0142", "e164": sent, "kind": "home"}
    send(replica, {1: document})
    assert orjson.loads(kept(replica, [1])[1])["phone"]["e164"] == "+16975550142"
