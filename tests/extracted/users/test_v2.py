"""The service's own API: shapes of its own, versions that a client can hold a change against."""

from typing import Any

import pytest
from rest_framework.test import APIClient

ME = "/api/v2/users/me"
HOME = {"kind": "home", "lines": ["1 High Street"], "city": "Bath"}


def test_an_account_is_shown_in_the_services_own_shape(api: APIClient, account: Any) -> None:
    """Names and phone are objects; the E.164 form is beside what was typed."""
    answer = api.get(ME)
    assert answer.status_code == 200
    shown = answer.json()
    assert shown["name"] == {
        "title": "", "given": "Ken", "middle": "", "family": "", "suffix": "", "display": None, "shown": "Ken",
    }  # fmt: skip
    assert shown["phone"] == {"original": "697-555-0142", "e164": "+16975550142", "kind": "unknown"}
    assert (shown["id"], shown["key"], shown["marketing"]) == (str(account.public_id), account.id, "none")
    assert answer["ETag"] == f'"{shown["version"]}"'


def test_a_change_names_what_it_changes_and_nothing_else(api: APIClient) -> None:
    """Parts of a name are changed one by one."""
    answer = api.patch(ME, {"name": {"family": "Sánchez"}, "phone": {"original": "+44 20 7946 0958", "kind": "work"}})
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["name"]["given"], shown["name"]["family"], shown["name"]["shown"]) == ("Ken", "Sánchez", "Ken Sánchez")
    assert shown["phone"] == {"original": "+44 20 7946 0958", "e164": "+442079460958", "kind": "work"}
    assert api.patch(ME, {"marketing": "own", "name": {"display": "K"}}).json()["name"]["display"] == "K"
    assert api.get(ME).json()["marketing"] == "own"


def test_every_write_raises_the_version(api: APIClient) -> None:
    """Of the profile, the addresses and the preferences alike; a read does not."""
    writes = [
        lambda: api.patch(ME, {"marketing": "own"}),
        lambda: api.post(f"{ME}/addresses", HOME),
        lambda: api.put(f"{ME}/addresses/0", {"city": "Bath"}),
        lambda: api.delete(f"{ME}/addresses/0"),
        lambda: api.put(f"{ME}/preferences", {"colour": "blue"}),
    ]
    for version, write in enumerate(writes, start=1):
        assert api.get(ME)["ETag"] == f'"{version}"'
        assert write().status_code < 300
    assert api.get(ME)["ETag"] == f'"{len(writes) + 1}"'


@pytest.mark.parametrize("tag", ['"1"', '"7", "1"', "*"])
def test_a_change_from_the_present_version_is_made(api: APIClient, tag: str) -> None:
    """`If-Match` may name several versions, or any."""
    answer = api.patch(ME, {"marketing": "own"}, headers={"If-Match": tag})
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')


@pytest.mark.parametrize("tag", ['"2"', '"0"', 'W/"1"', '"x"', "", '"1'])
def test_a_change_from_another_version_is_refused(api: APIClient, tag: str) -> None:
    """Two who edit at once cannot undo each other unseen; nothing is changed, not even by an empty change."""
    for change in ({"marketing": "own"}, {}):
        answer = api.patch(ME, change, headers={"If-Match": tag})
        assert answer.status_code == 412
        assert answer.json()["type"] == "urn:banyan:problem:version-passed"
    shown = api.get(ME)
    assert (shown.json()["marketing"], shown["ETag"]) == ("none", '"1"')


def test_a_copy_that_is_current_is_not_sent_again(api: APIClient) -> None:
    """`If-None-Match` saves the body, not the truth."""
    tag = api.get(ME)["ETag"]
    answer = api.get(ME, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    api.patch(ME, {"marketing": "own"})
    assert api.get(ME, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": {"title": "x" * 9}}, "name"),
        ({"phone": {"kind": "fax"}}, "phone"),
        ({"phone": {"original": "x" * 26}}, "phone"),
        ({"marketing": "everybody"}, "marketing"),
        ({"name": "Ken"}, "name"),
    ],
    ids=str,
)
def test_what_cannot_be_kept_is_refused_by_field(api: APIClient, change: dict[str, Any], field: str) -> None:
    """With the legacy columns' limits."""
    answer = api.patch(ME, change)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {field}


def test_addresses_tell_when_they_were_added(api: APIClient) -> None:
    """Except the profile address, whose age nobody ever kept."""
    added = api.post(f"{ME}/addresses", HOME).json()
    profile = api.put(f"{ME}/addresses/0", {"city": "Bath"}).json()
    assert added["created_at"].endswith("Z")
    assert (profile["number"], profile["kind"], profile["created_at"]) == (0, "profile", None)
    assert api.get(f"{ME}/addresses").json()["results"] == [profile, added]
    moved = api.put(f"{ME}/addresses/{added['number']}", {**HOME, "city": "Wells"}).json()
    assert moved == {**added, "city": "Wells"}
    assert api.get(f"{ME}/addresses/{added['number']}").json() == moved
    assert api.delete(f"{ME}/addresses/{added['number']}").status_code == 204
    assert api.get(f"{ME}/addresses/{added['number']}").status_code == 404


def test_preferences_are_the_same_in_both_versions(api: APIClient) -> None:
    """Set by one, read by the other."""
    api.put(f"{ME}/preferences", {"b": "2", "a": "1"})
    assert api.get("/api/v1/users/me/preferences").json() == {"a": "1", "b": "2"}


def test_nobody_else_gets_in(db: None, authority: None) -> None:
    """Without a token there is a 401, as a problem."""
    answer = APIClient().get(ME)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
@pytest.mark.parametrize("path", [ME, "/api/v1/users/me", "/internal/users/customers?keys=1"])
def test_without_authority_everything_is_misdirected(path: str) -> None:
    """A service that was not handed the context answers for nobody; health and metrics still answer."""
    answer = APIClient().get(path)
    assert answer.status_code == 421
    assert answer.json()["owner"] == "monolith"
    assert APIClient().get("/readyz").status_code == 200
    assert APIClient().get("/metrics").status_code == 200
