"""The service's half of the replica protocol: accounts read as canonical documents, and the SQL that merges staged ones.

A merge touches only rows of staged accounts. Parts that vanished go first, so that what one account gives up another may take in
the same batch; unique e-mail addresses are checked at the end of their statement, so that two accounts may swap them. A row that
would not change is not written.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
import psycopg

from chassis.replica.binding import ReplicaBinding

# `= ANY(ARRAY(…))` beside the join: the staged keys are then looked up in the index, however large the table and however wrong
# the planner's guess about a temporary table, which nobody analyses.
_STAGED: Final = "= ANY(ARRAY(SELECT key FROM banyan_stage))"

_DELETE_PART: Final = f"""
DELETE FROM {{table}} AS t USING banyan_stage AS s
WHERE t.account_id {_STAGED} AND s.key = t.account_id
  AND NOT coalesce(s.doc->'{{table}}' @> jsonb_build_array(jsonb_build_object('{{name}}', t.{{name}})), false)
"""

_DELETE_ACCOUNTS: Final = "DELETE FROM accounts WHERE id = ANY(ARRAY(SELECT key FROM banyan_stage WHERE doc IS NULL))"

_MERGE_ACCOUNTS: Final = """
INSERT INTO accounts AS t (
    id, public_id, email, password, name_title, name_given, name_middle, name_family, name_suffix, name_display, phone_original,
    phone_kind, marketing, account_number, active, preferences, created_at, updated_at)
SELECT s.key, d.public_id, d.email, d.password, n.title, n.given, n.middle, n.family, n.suffix, n.display, p.original,
    p.kind, d.marketing, d.account_number, d.active, d.preferences, d.created_at, d.updated_at
FROM banyan_stage AS s,
    jsonb_to_record(s.doc) AS d(
        public_id uuid, email text, password text, name jsonb, phone jsonb, marketing text, account_number text, active boolean,
        preferences jsonb, created_at timestamptz, updated_at timestamptz),
    jsonb_to_record(d.name) AS n(title text, given text, middle text, family text, suffix text, display text),
    jsonb_to_record(d.phone) AS p(original text, kind text)
WHERE s.doc IS NOT NULL
ON CONFLICT (id) DO UPDATE SET
    public_id = excluded.public_id, email = excluded.email, password = excluded.password, name_title = excluded.name_title,
    name_given = excluded.name_given, name_middle = excluded.name_middle, name_family = excluded.name_family,
    name_suffix = excluded.name_suffix, name_display = excluded.name_display, phone_original = excluded.phone_original,
    phone_kind = excluded.phone_kind, marketing = excluded.marketing, account_number = excluded.account_number,
    active = excluded.active, preferences = excluded.preferences, created_at = excluded.created_at,
    updated_at = excluded.updated_at, version = t.version + 1
WHERE (t.public_id, t.email, t.password, t.name_title, t.name_given, t.name_middle, t.name_family, t.name_suffix, t.name_display,
    t.phone_original, t.phone_kind, t.marketing, t.account_number, t.active, t.preferences, t.created_at, t.updated_at)
IS DISTINCT FROM (excluded.public_id, excluded.email, excluded.password, excluded.name_title, excluded.name_given,
    excluded.name_middle, excluded.name_family, excluded.name_suffix, excluded.name_display, excluded.phone_original,
    excluded.phone_kind, excluded.marketing, excluded.account_number, excluded.active, excluded.preferences, excluded.created_at,
    excluded.updated_at)
"""

_MERGE_ADDRESSES: Final = """
INSERT INTO addresses AS t (account_id, number, kind, label, lines, city, region, postal_code, country, created_at)
SELECT s.key, d.number, d.kind, d.label, d.lines, d.city, d.region, d.postal_code, d.country, d.created_at
FROM banyan_stage AS s, jsonb_to_recordset(s.doc->'addresses') AS d(
    number bigint, kind text, label text, lines text[], city text, region text, postal_code text, country text,
    created_at timestamptz)
ON CONFLICT (account_id, number) DO UPDATE SET
    kind = excluded.kind, label = excluded.label, lines = excluded.lines, city = excluded.city, region = excluded.region,
    postal_code = excluded.postal_code, country = excluded.country, created_at = excluded.created_at
WHERE (t.kind, t.label, t.lines, t.city, t.region, t.postal_code, t.country, t.created_at) IS DISTINCT FROM (
    excluded.kind, excluded.label, excluded.lines, excluded.city, excluded.region, excluded.postal_code, excluded.country,
    excluded.created_at)
"""

_MERGE_SESSIONS: Final = """
INSERT INTO sessions AS t (account_id, id, family, token_hash, issued_at, expires_at, used_at, revoked_at)
SELECT s.key, d.id, d.family, d.token_hash, d.issued_at, d.expires_at, d.used_at, d.revoked_at
FROM banyan_stage AS s, jsonb_to_recordset(s.doc->'sessions') AS d(
    id uuid, family uuid, token_hash text, issued_at timestamptz, expires_at timestamptz, used_at timestamptz,
    revoked_at timestamptz)
ON CONFLICT (account_id, id) DO UPDATE SET
    family = excluded.family, token_hash = excluded.token_hash, issued_at = excluded.issued_at,
    expires_at = excluded.expires_at, used_at = excluded.used_at, revoked_at = excluded.revoked_at
WHERE (t.family, t.token_hash, t.issued_at, t.expires_at, t.used_at, t.revoked_at) IS DISTINCT FROM (
    excluded.family, excluded.token_hash, excluded.issued_at, excluded.expires_at, excluded.used_at, excluded.revoked_at)
"""

_HOLDERS: Final = """
SELECT t.id FROM banyan_stage AS s, accounts AS t
WHERE t.id <> s.key AND (t.email = s.doc->>'email' OR t.public_id = (s.doc->>'public_id')::uuid)
UNION
SELECT t.account_id FROM banyan_stage AS s, jsonb_to_recordset(s.doc->'addresses') AS d(number bigint), addresses AS t
WHERE t.number = d.number AND d.number > 0 AND t.account_id <> s.key
UNION
SELECT t.account_id FROM banyan_stage AS s, jsonb_to_recordset(s.doc->'sessions') AS d(id uuid, token_hash text), sessions AS t
WHERE (t.id = d.id OR t.token_hash = d.token_hash) AND t.account_id <> s.key
"""

_READ_ACCOUNTS: Final = """
SELECT id, public_id, email, password, name_title, name_given, name_middle, name_family, name_suffix, name_display,
    phone_original, phone_e164, phone_kind, marketing, account_number, active, nullif(preferences::text, '{}'), created_at,
    updated_at
FROM accounts WHERE id = ANY(%s)
"""

_READ_ADDRESSES: Final = """
SELECT account_id, number, kind, label, lines, city, region, postal_code, country, created_at
FROM addresses WHERE account_id = ANY(%s) ORDER BY account_id, number
"""

_READ_SESSIONS: Final = """
SELECT account_id, id, family, token_hash, issued_at, expires_at, used_at, revoked_at
FROM sessions WHERE account_id = ANY(%s) ORDER BY account_id, id
"""


class UserBinding:
    """The aggregate "user". Conforms to `chassis.replica.binding.ReplicaBinding`."""

    context = "users"
    aggregate = "user"
    upsert = (
        _DELETE_PART.format(table="addresses", name="number"),
        _DELETE_PART.format(table="sessions", name="id"),
        _DELETE_ACCOUNTS,
        _MERGE_ACCOUNTS,
        _MERGE_ADDRESSES,
        _MERGE_SESSIONS,
    )
    holders = _HOLDERS

    def read(self, cursor: psycopg.Cursor[Any], keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The canonical documents of those `keys` that exist, in three queries."""
        wanted = (list(keys),)
        documents = {row[0]: _document(row) for row in cursor.execute(_READ_ACCOUNTS, wanted, binary=True)}
        for row in cursor.execute(_READ_ADDRESSES, wanted, binary=True):
            documents[row[0]]["addresses"].append(_address(row))
        for row in cursor.execute(_READ_SESSIONS, wanted, binary=True):
            documents[row[0]]["sessions"].append(_session(row))
        return documents

    def stage(self, document: bytes) -> bytes:
        """The canonical document is this side's own shape."""
        return document


BINDINGS: Final[Mapping[str, ReplicaBinding]] = {"users.user": UserBinding()}


def _document(row: tuple[Any, ...]) -> dict[str, Any]:
    key, public_id, email, password, title, given, middle, family, suffix, display, original, e164, kind = row[:13]
    marketing, account_number, active, preferences, created_at, updated_at = row[13:]
    return {
        "id": key,
        "public_id": public_id,
        "email": email,
        "password": password,
        "name": {
            "title": title,
            "given": given,
            "middle": middle,
            "family": family,
            "suffix": suffix,
            "display": display,
        },
        "phone": {"original": original, "e164": e164, "kind": kind},
        "marketing": marketing,
        "account_number": account_number,
        "active": active,
        "preferences": orjson.loads(preferences) if preferences else {},
        "addresses": [],
        "sessions": [],
        "created_at": created_at,
        "updated_at": updated_at,
    }


def _address(row: tuple[Any, ...]) -> dict[str, Any]:
    _, number, kind, label, lines, city, region, postal_code, country, created_at = row
    return {
        "number": number,
        "kind": kind,
        "label": label,
        "lines": lines,
        "city": city,
        "region": region,
        "postal_code": postal_code,
        "country": country,
        "created_at": created_at,
    }


def _session(row: tuple[Any, ...]) -> dict[str, Any]:
    _, number, family, token_hash, issued_at, expires_at, used_at, revoked_at = row
    return {
        "id": number,
        "family": family,
        "token_hash": token_hash,
        "issued_at": issued_at,
        "expires_at": expires_at,
        "used_at": used_at,
        "revoked_at": revoked_at,
    }
