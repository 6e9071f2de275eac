"""The control database seen from outside: the route feed, the OpenFeature API, the admin."""

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from openfeature import api
from openfeature.exception import ErrorCode

from chassis import env
from migrations_tools.control.flags import Reason, change
from migrations_tools.control.models import PhaseChange
from migrations_tools.control.openfeature import BanyanProvider
from migrations_tools.phases import Phase

pytestmark = [
    pytest.mark.django_db(databases=["default", "control"], transaction=True),
    pytest.mark.usefixtures("valkey"),
]
REASON = Reason(who="ada@host", command="test")
FEED = "/internal/control/routes"


def shadowing() -> None:
    change("users", REASON, phase=Phase.DUAL_WRITE, epoch=1)
    change("users", REASON, phase=Phase.SHADOW, shadow_percent=25)


def test_the_feed_is_the_state(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Facades are told the version, and of each context its phase, epoch, percentages and addresses."""
    monkeypatch.setenv("USERS_URL", "http://127.0.0.1:1, http://127.0.0.1:2")
    shadowing()
    answer = client.get(FEED, headers={"Authorization": f"Bearer {env.internal_token()}"})
    assert answer.json() == {
        "version": 2,
        "contexts": {
            "users": {
                "phase": "shadow",
                "epoch": 1,
                "read_percent": 0,
                "shadow_percent": 25,
                "services": ["http://127.0.0.1:1", "http://127.0.0.1:2"],
            }
        },
        "api_keys": [],
    }


def test_a_service_without_address_is_listed_without_one(client: Client) -> None:
    """A platform that is only starting is no error of the feed."""
    answer = client.get(FEED, headers={"Authorization": f"Bearer {env.internal_token()}"})
    assert answer.json()["contexts"]["users"]["services"] == []


@pytest.mark.parametrize("token", [None, "Bearer wrong", "Basic x"])
def test_the_feed_is_for_the_platform_only(client: Client, token: str | None) -> None:
    """Without the internal token there is no answer."""
    assert client.get(FEED, headers={"Authorization": token} if token else {}).status_code == 401


def test_flags_are_read_through_openfeature() -> None:
    """A team reads the flags with the API that it has."""
    shadowing()
    api.set_provider(BanyanProvider())
    flags = api.get_client()
    assert flags.get_string_value("users.phase", "?") == "shadow"
    assert flags.get_integer_value("users.shadow_percent", -1) == 25
    assert flags.get_integer_value("users.read_percent", -1) == 0


@pytest.mark.parametrize(
    ("flag", "code"),
    [
        ("users.colour", ErrorCode.FLAG_NOT_FOUND),
        ("nobody.read_percent", ErrorCode.FLAG_NOT_FOUND),
        ("users.phase", ErrorCode.TYPE_MISMATCH),
    ],
)
def test_what_is_no_flag_yields_the_default_and_says_so(flag: str, code: ErrorCode) -> None:
    """A wrong name or type is the caller's default, with the error code."""
    api.set_provider(BanyanProvider())
    details = api.get_client().get_integer_details(flag, 7)
    assert (details.value, details.error_code) == (7, code)


def test_a_control_database_that_is_down_yields_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading flags fails open to what the caller says."""
    api.set_provider(BanyanProvider())
    connections["control"].close()
    monkeypatch.setitem(connections["control"].settings_dict, "PORT", "1")
    details = api.get_client().get_integer_details("users.read_percent", 7)
    assert (details.value, details.error_code) == (7, ErrorCode.GENERAL)


@pytest.mark.parametrize("model", ["contextstate", "phasechange", "journal", "verifyrun", "divergence", "apikey"])
def test_the_admin_shows_and_changes_nothing(client: Client, model: str) -> None:
    """Every table can be looked at; none can be added to, changed or deleted from there."""
    shadowing()
    client.force_login(User.objects.create_superuser("ada", password="long enough"))
    assert client.get(f"/admin/control/{model}/").status_code == 200
    assert client.get(f"/admin/control/{model}/add/").status_code == 403
    if model == "phasechange":
        change_id = PhaseChange.objects.latest("version").pk
        assert client.post(f"/admin/control/{model}/{change_id}/change/", {"who": "nobody"}).status_code == 403
        assert client.post(f"/admin/control/{model}/{change_id}/delete/", {"post": "yes"}).status_code == 403
