"""What the commands refuse, with which exit code, and what they still tell when half of the
platform is down.
"""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from chassis.replica.authority import Authority, give_up, of_this_side
from migrations_tools.control.flags import current
from migrations_tools.control.lock import operating
from migrations_tools.phases import Phase
from migrations_tools.relay.sides import Sides
from monolith.users.models import User
from tests.integration.migrations_tools.road.conftest import Eventually
from tests.integration.migrations_tools.road.operate import done, on_the_way, refused, told

pytestmark = pytest.mark.django_db(databases=["default", "control"], transaction=True)


def test_two_operators_at_once(both: Sides) -> None:
    """The second is refused with the name of the first; a comparison and the brake are not held up."""
    done("context", "begin", "users")
    with operating("users", "cutover"):
        report = refused("context", "shadow", "users")
        assert "cutover" in report["error"]
        done("context", "verify", "users")
        done("flag", "users.shadow_percent", "0")


@pytest.mark.parametrize("arguments", [("begin", "nobody"), ("canary", "users", "--percent", "101"), ("fly", "users"), ()])
def test_wrong_usage_is_told_apart(arguments: tuple[str, ...]) -> None:
    """An unknown context or operation, or a percentage that is none, is no refusal of the system:
    exit code 2, or a usage error.
    """
    with pytest.raises((CommandError, SystemExit)) as wrong:
        call_command("context", *arguments)
    code = wrong.value.returncode if isinstance(wrong.value, CommandError) else wrong.value.code
    assert code in (1, 2)
    if arguments[:1] == ("begin",):
        assert code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("users.read_percent", "10"), 1, "only a canary"),
        (("users.read_percent", "ten"), 2, "no whole percentage"),
        (("users.read_percent", "101"), 1, "not a percentage"),
        (("users.phase", "service"), 2, "manage.py context"),
        (("users.colour",), 2, "no flag"),
        (("nobody.phase",), 2, "no context"),
    ],
)
def test_nonsense_flags_are_refused_in_one_line(both: Sides, arguments: tuple[str, ...], code: int, words: str) -> None:
    """The flag command validates, and says in one line what is wrong."""
    with pytest.raises(CommandError, match=words) as refusal:
        call_command("flag", *arguments)
    assert refusal.value.returncode == code
    assert "\n" not in str(refusal.value)


def test_flags_are_shown_and_set(both: Sides, relay: object) -> None:
    """Without a value a flag is shown, with one it is set."""
    on_the_way()
    assert told("flag", "users.phase") == "canary\n"
    assert done("flag", "users.read_percent", "30")["users.read_percent"] == 30
    assert told("flag", "users.read_percent") == "30\n"


def test_a_service_that_does_not_answer_closes_the_gate(both: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing begins with a service that is not there."""
    monkeypatch.setenv("USERS_URL", "http://127.0.0.1:1")
    report = refused("context", "begin", "users")
    assert [gate["name"] for gate in report["gates"] if not gate["ok"]] == ["service_healthy"]
    assert current("users").phase is Phase.MONOLITH


def test_contexts_answers_with_the_service_database_down(both: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be seen is said, and the rest is shown."""
    done("context", "begin", "users")
    monkeypatch.setenv("USERS_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
    standing = done("contexts")["users"]
    assert standing["phase"] == "dual_write"
    assert "service's authority row cannot be read" in standing["trouble"][0]


def test_half_a_hand_over_is_seen_and_completed_by_a_repetition(both: Sides, relay: object, eventually: Eventually) -> None:
    """A process that died at the point of no return leaves a sign; the same command again completes it."""
    on_the_way()
    relay.set()  # The relay would complete it too, and first.
    with both.monolith.connect("died") as connection:
        give_up(connection, Authority("users", "monolith", 1))
    standing = done("contexts")["users"]
    assert "service at epoch 2" in standing["half_hand_over"]
    report = done("context", "cutover", "users")
    assert report["completed_earlier"] is True
    assert current("users").phase is Phase.SERVICE
    assert done("contexts")["users"]["half_hand_over"] is None
    assert of_this_side("users").epoch == 2


def test_a_backfill_can_be_tuned_while_it_runs(both: Sides) -> None:
    """Setting bounds waits for no lock of the running backfill, and copies nothing."""
    done("context", "begin", "users")
    with operating("users/backfill", "backfill"):
        report = done("context", "backfill", "users", "--tune", "--page-rows", "7", "--max-lag-seconds", "0.5")
    assert report["bounds"] == {"page_rows": 7, "max_lag_seconds": 0.5}
    with both.monolith.connect("look") as connection:
        found = connection.execute("SELECT page_rows, max_lag_seconds, last_key FROM banyan_checkpoint").fetchall()
    assert found == [(7, 0.5, None)]


def test_a_backfill_without_capture_is_refused(both: Sides) -> None:
    """A copy that no change follows would be outdated at once."""
    assert "context begin" in refused("context", "backfill", "users")["error"]
    assert "not mirrored" in refused("context", "verify", "users")["error"]


def test_parked_aggregates_are_named_and_tried_again(both: Sides, relay: object, eventually: Eventually) -> None:
    """A dead letter is shown with its reason, closes the gate, and leaves by `verify --repair`
    once its cause is gone.
    """
    user = User.objects.create(email="poison@example.org")
    done("context", "begin", "users")
    done("context", "backfill", "users")
    with both.monolith.connect("park") as connection:
        connection.execute(
            "INSERT INTO banyan_retry (context, aggregate, key, attempts, not_before, parked, reason, detail)"
            " VALUES ('users', 'user', %s, 8, clock_timestamp(), true, '22001', 'too long')",
            (user.pk,),
        )
    User.objects.filter(pk=user.pk).update(first_name="Changed")
    standing = done("contexts")["users"]
    assert standing["dead_letters"][0]["detail"] == "too long"
    assert "too long" in told("contexts")
    assert refused("context", "verify", "users", "--repair")["repaired"] == 1
    eventually(lambda: done("contexts")["users"]["parked"] == 0)
    assert done("context", "verify", "users")["different"] == 0


def test_a_failure_is_told_in_words_too(both: Sides) -> None:
    """Without --json the refusal names gate, danger and next command."""
    done("context", "begin", "users")
    with pytest.raises(CommandError) as refusal:
        call_command("context", "shadow", "users", stdout=StringIO())
    assert "never copied would look deleted" in str(refusal.value)
    assert "manage.py context backfill users" in str(refusal.value)
