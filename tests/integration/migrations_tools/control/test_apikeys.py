"""API keys of third parties: made and revoked by a command, told to the facades as hashes, never deleted."""

import io
import json
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.utils import timezone

from chassis.callers import apikey
from chassis.embedded import ValkeyServer
from facade.identity.apikeys import ApiKeys
from facade.identity.feed import Quota, parse
from facade.identity.principal import Principal
from migrations_tools.control import facades, feed, valkeys
from migrations_tools.control.apikeys import Wanted, create, revoke
from migrations_tools.control.flags import Reason, change
from migrations_tools.control.models import ApiKey, PhaseChange
from migrations_tools.phases import Phase

pytestmark = [
    pytest.mark.django_db(databases=["default", "control"], transaction=True),
    pytest.mark.usefixtures("valkey"),
]


def run(*words: str) -> Any:
    """What `manage.py apikey … --json` prints."""
    out = io.StringIO()
    call_command("apikey", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def in_force() -> ApiKeys:
    """What a facade makes of the feed as it is sent."""
    return ApiKeys(parse(orjson.loads(orjson.dumps(feed.routes()))["api_keys"]))


def test_a_key_that_was_made_opens_the_facade_with_its_scopes() -> None:
    """The command's answer, the feed and the facade's reading of it fit together, and the secret is in none of the tables."""
    made = run("create", "Acme", "--scope", "orders:write", "--scope", "orders:read", "--limit", "600/60", "--days", "30")
    known = in_force()
    principal = known.of(made["key"].encode())
    assert principal == Principal("key", made["id"], frozenset({"orders:read", "orders:write"}))
    assert known.quota(principal.id) == Quota(600, 60)
    assert made["late"] == []
    row = ApiKey.objects.get()
    secret = made["key"].partition(".")[2]
    assert secret not in json.dumps([str(value) for value in vars(row).values()])
    assert row.hash == apikey.hashed(secret.encode()).hex()
    assert row.expires_at is not None
    assert timedelta(days=29) < row.expires_at - timezone.now() <= timedelta(days=30)


def test_a_revoked_key_leaves_the_feed_and_stays_on_record() -> None:
    """A second revocation changes nothing, and asks no facade to hear of a new version."""
    made = run("create", "Acme")
    gone = run("revoke", made["id"])
    assert gone["revoked_at"] is not None
    assert gone["revoked_by"] == made["created_by"]
    assert feed.routes()["api_keys"] == []
    version = feed.routes()["version"]
    assert run("revoke", made["id"])["revoked_at"] == gone["revoked_at"]
    assert feed.routes()["version"] == version
    assert run("list") == []
    assert [key["id"] for key in run("list", "--all")] == [made["id"]]


def test_an_expired_key_leaves_the_feed() -> None:
    """Without anybody doing anything."""
    made = run("create", "Acme", "--days", "1")
    ApiKey.objects.update(expires_at=timezone.now())
    assert feed.routes()["api_keys"] == []
    assert [key["id"] for key in run("list", "--all")] == [made["id"]]


def test_keys_and_flags_share_one_count_of_versions() -> None:
    """Whatever changes, facades see a higher version than before; no version is used twice."""
    seen = [feed.routes()["version"]]
    reason = Reason(who="ada@host", command="test")
    key, _ = create(Wanted("Acme"), "ada@host")
    seen.append(feed.routes()["version"])
    change("users", reason, phase=Phase.DUAL_WRITE, epoch=1)
    seen.append(feed.routes()["version"])
    revoke(key.id, "ada@host")
    seen.append(feed.routes()["version"])
    change("users", reason, phase=Phase.SHADOW, shadow_percent=25)
    seen.append(feed.routes()["version"])
    assert seen == [0, 1, 2, 3, 4]
    assert [entry.version for entry in PhaseChange.objects.all()] == [4, 2]


def test_facades_are_told_at_once(valkey: ValkeyServer) -> None:
    """Each change is pushed after its commit, with the keys that are then in force."""
    with valkeys.connected() as client:
        listener = client.pubsub()
        listener.subscribe(feed.CHANNEL)
        assert listener.get_message(timeout=10)["type"] == "subscribe"
        key, _ = create(Wanted("Acme", ("orders:read",)), "ada@host")
        revoke(key.id, "ada@host")
        pushed = [orjson.loads(listener.get_message(timeout=10)["data"]) for _ in range(2)]
    assert [(told["version"], [entry["id"] for entry in told["api_keys"]]) for told in pushed] == [(1, [key.id]), (2, [])]


def test_a_facade_that_has_not_heard_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The revocation stands, the exit code says that it is not in force everywhere, and the message says where not."""
    made = run("create", "Acme")
    monkeypatch.setattr(facades, "WAIT_SECONDS", 0.1)
    facades.heard("slow-one;version=1;seconds=60")
    with pytest.raises(CommandError, match="slow-one"):
        run("revoke", made["id"])
    assert feed.routes()["api_keys"] == []


@pytest.mark.parametrize("words", [("create", "Acme", "--scope", "a"), ("revoke",)])
def test_a_dry_run_changes_nothing(words: tuple[str, ...]) -> None:
    """It tells what would be done, and shows no secret."""
    made = run("create", "Before")
    told = run(*words, *([made["id"]] if words == ("revoke",) else []), "--dry-run")
    assert told["dry_run"]
    assert "key" not in told
    assert [key["id"] for key in run("list", "--all")] == [made["id"]]
    assert ApiKey.objects.get().revoked_at is None


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("create", " "), 2, "needs a name"),
        (("create", "x" * 121), 2, "needs a name"),
        (("create", "Acme", "--scope", 'a"b'), 2, "is no scope"),
        (("create", "Acme", "--limit", "fast"), 2, "is no limit"),
        (("create", "Acme", "--limit", "0/60"), 2, "at least one request"),
        (("create", "Acme", "--limit", "1/86401"), 2, "at most a day"),
        (("create", "Acme", "--days", "0"), 2, "expired already"),
        (("revoke", "nobody"), 1, "no API key 'nobody'"),
        (("revoke", "nobody", "--dry-run"), 1, "no API key 'nobody'"),
    ],
)
def test_a_refusal_is_one_line_and_leaves_nothing(words: tuple[str, ...], code: int, says: str) -> None:
    """With the exit code of wrong usage, or of a refusal."""
    with pytest.raises(CommandError, match=says) as caught:
        run(*words)
    assert (caught.value.returncode, str(caught.value).count("\n")) == (code, 0)
    assert not ApiKey.objects.exists()


def test_the_words_for_people_show_the_key_once() -> None:
    """Without --json: the key when it is made, its name in the list, and never its secret again."""
    out = io.StringIO()
    call_command("apikey", "create", "Acme", "--limit", "600/60", stdout=out)
    written = out.getvalue().splitlines()[0]
    assert in_force().of(written.encode()).kind == "key"
    listed = io.StringIO()
    call_command("apikey", "list", stdout=listed)
    assert "Acme" in listed.getvalue()
    assert "600/60" in listed.getvalue()
    assert written.partition(".")[2] not in listed.getvalue()


@pytest.mark.parametrize("wrong", [{"hash": "secret"}, {"limit_requests": 1}, {"limit_requests": 0, "limit_seconds": 0}])
def test_the_database_itself_keeps_secrets_and_half_limits_out(wrong: dict[str, Any]) -> None:
    """Whoever writes a row by other means."""
    good = {"id": "a" * 12, "name": "Acme", "hash": "0" * 64, "created_by": "ada@host", "version": 1}
    with pytest.raises(IntegrityError), transaction.atomic(using="control"):
        ApiKey.objects.create(**{**good, **wrong})
