"""The project around the contexts: documents, admin, health, migrations."""

from io import StringIO
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User as Staff
from django.core.management import call_command
from django.db import connections
from django.test import Client

from monolith.users.models import Address, Preference, User

pytestmark = pytest.mark.django_db(databases=["default", "control"])


def test_the_openapi_document_has_the_public_api(client: Client) -> None:
    """Every path of the three contexts is described, with its token; nothing internal is."""
    document = yaml.safe_load(client.get("/api/schema/").content)
    assert {path.split("/")[3] for path in document["paths"]} == {"users", "catalog", "orders"}
    assert set(document["paths"]["/api/v1/users/me"]) == {"get", "patch"}
    assert document["paths"]["/api/v1/users/me"]["get"]["security"] == [{"accessToken": []}]
    assert (
        "security" not in document["paths"]["/api/v1/users/login"]["post"]
        or {} in (document["paths"]["/api/v1/users/login"]["post"]["security"])
    )


def test_the_document_is_made_without_a_warning() -> None:
    """A view that cannot be described is noticed here."""
    errors = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO(), stderr=errors)
    assert errors.getvalue() == ""


def test_the_documentation_page_needs_no_internet(client: Client) -> None:
    """The page loads its scripts from this server."""
    page = client.get("/api/docs/").content.decode()
    assert "swagger-ui" in page
    assert "cdn" not in page


def test_static_files_are_served_by_the_application(client: Client) -> None:
    """The admin has its style sheet under any WSGI server, without a step before the start."""
    answer = client.get("/static/admin/css/base.css")
    assert answer.status_code == 200
    assert b"".join(answer)


@pytest.mark.parametrize(
    "page",
    [
        "users/user/",
        "users/address/",
        "users/refreshtoken/",
        "catalog/category/",
        "catalog/product/",
        "orders/order/",
        "orders/orderline/",
        "orders/confirmation/",
        "users/user/add/",
        "users/user/?q=ada",
    ],
)
def test_the_admin_shows_every_model(admin_client: Client, page: str) -> None:
    """Each list opens, also searched."""
    assert admin_client.get(f"/admin/{page}").status_code == 200


def test_customers_cannot_be_staff(client: Client) -> None:
    """The admin's logins are Django's own; a customer's e-mail and password open nothing there."""
    User.objects.create(email="ada@example.org", password="x")
    assert not client.login(username="ada@example.org", password="x")
    assert not Staff.objects.exists()


def test_a_change_in_the_admin_is_told_by_modified(admin_client: Client) -> None:
    """A change by staff counts as a change of the customer."""
    user = User.objects.create(email="ada@example.org")
    form = {
        "email": "ada@example.org", "first_name": "Ada", "phone_type": "0", "email_promotion": "0", "is_active": "on",
        "addresses-TOTAL_FORMS": "0", "addresses-INITIAL_FORMS": "0",
    }  # fmt: skip
    answer = admin_client.post(f"/admin/users/user/{user.id}/change/", form)
    assert answer.status_code == 302, answer.content
    after = User.objects.get()
    assert after.first_name == "Ada"
    assert after.modified > user.modified


def test_health(client: Client) -> None:
    """Alive and ready; what stands behind readiness is the database."""
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "checks": {"database": "ok"}}


def test_metrics_count_by_route(client: Client) -> None:
    """A path with a number in it is counted under its pattern."""
    client.get("/api/v1/users/me/addresses/7")
    metrics = client.get("/metrics").content.decode()
    assert (
        'banyan_requests_total{method="GET",route="/api/v1/users/me/addresses/(?P<number>[0-9]{1,18})$",status="401"}' in metrics
    )


def test_migrations_are_made_for_every_change() -> None:
    """Models and migrations agree."""
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_migrate_brings_every_database_up_to_date() -> None:
    """Plain `migrate` goes through all databases; with --database through that one."""
    for arguments, expected in (((), list(connections)), (("--database", "control"), ["control"])):
        told = StringIO()
        call_command("migrate", *arguments, "--plan", stdout=told)
        headings = [line.split()[-1] for line in told.getvalue().splitlines() if line.startswith("Database ")]
        assert headings == (expected if not arguments else [])


def test_a_side_without_authority_refuses_and_says_where_to_go(client: Client) -> None:
    """After the users moved out the monolith answers 421 for them, and goes on serving the others."""
    with connections["default"].cursor() as cursor:
        cursor.execute("INSERT INTO banyan_authority (context, owner, epoch) VALUES ('users', 'service', 4)")
    for path in ("/api/v1/users/me", "/internal/users/customers?keys=1"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["owner"], answer["Banyan-Epoch"]) == (421, "service", "4")
    assert client.get("/api/v1/catalog/products").status_code == 200


def test_parts_go_with_their_customer(db: Any) -> None:
    """Deleting a customer leaves no address and no preference behind."""
    user = User.objects.create(email="ada@example.org")
    Address.objects.create(user=user, kind=1)
    Preference.objects.create(user=user, name="theme", value="dark")
    user.delete()
    assert not Address.objects.exists()
    assert not Preference.objects.exists()
