"""The catalog is kept by the facade, and new at the next read after a change: through the running monolith and facade."""

import re
from uuid import uuid4

import psycopg
import pytest
import requests

from tests.integration.facade.entrance import until
from tests.integration.trust.conftest import Running

ADMIN, PASSWORD = "operator", "a passphrase for the admin"


@pytest.fixture
def product(running: Running) -> tuple[int, str]:
    """Its key and its path; nothing is kept of it."""
    sku = f"fig-{uuid4().hex[:8]}"
    with psycopg.connect(running.around.databases["monolith"]) as connection:
        row = connection.execute(
            "INSERT INTO catalog_product (sku, name, list_price) VALUES (%s, 'A fig', 3) RETURNING id", (sku,)
        ).fetchone()
        assert row is not None
    return row[0], f"/api/v1/catalog/products/{sku}"


@pytest.fixture(scope="module")
def admin(running: Running) -> requests.Session:
    """Somebody who is logged in to the admin, through the facade."""
    code = f"from django.contrib.auth.models import User; User.objects.create_superuser({ADMIN!r}, password={PASSWORD!r})"
    running.manage("shell", "-c", code)
    session = requests.Session()
    posted(session, f"{running.facade}/admin/login/", {"username": ADMIN, "password": PASSWORD, "next": "/admin/"})
    return session


def posted(session: requests.Session, url: str, values: dict[str, str]) -> None:
    """Fill in the form at `url`, and leave the rest of its fields as they are."""
    page = session.get(url, timeout=20).text
    fields = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page)
    form = {name: value for name, value in fields if not name.startswith("_")}
    answer = session.post(url, data={**form, **values}, headers={"Referer": url}, timeout=20, allow_redirects=False)
    assert answer.status_code == 302, answer.text


def everywhere(running: Running, path: str, times: int = 8) -> list[tuple[str, str]]:
    """Name and Cache-Status of so many answers, each on a connection of its own, so that both workers are asked."""
    answers = [requests.get(running.facade + path, headers={"Connection": "close"}, timeout=20) for _ in range(times)]
    assert {answer.status_code for answer in answers} == {200}
    return [(answer.json()["name"], answer.headers["Cache-Status"]) for answer in answers]


def warm(running: Running, path: str) -> None:
    """Every worker keeps it."""
    until(lambda: all("; hit" in status for _, status in everywhere(running, path)))


def test_a_product_that_was_changed_in_the_admin_is_new_at_the_next_read(
    running: Running, admin: requests.Session, product: tuple[int, str]
) -> None:
    """All workers of the facade keep the old answer for a minute, and give the new one as soon as the change is committed."""
    key, path = product
    warm(running, path)
    fields = {"name": "A better fig", "sku": path.rpartition("/")[2], "list_price": "4", "is_active": "on", "is_product": "on"}
    posted(admin, f"{running.facade}/admin/catalog/product/{key}/change/", {**fields, "currency": "USD"})
    until(lambda: {name for name, _ in everywhere(running, path)} == {"A better fig"}, 5)


def test_an_operator_s_purge_makes_it_go(running: Running, product: tuple[int, str]) -> None:
    """By its tag, by its context, by its path: what raw SQL has changed is shown."""
    key, path = product
    warm(running, path)
    for number, words in enumerate(([f"catalog:product:{key}"], ["--context", "catalog"], ["--path", path])):
        with psycopg.connect(running.around.databases["monolith"]) as connection:
            connection.execute("UPDATE catalog_product SET name = %s WHERE id = %s", (f"Fig {number}", key))
        assert {name for name, _ in everywhere(running, path)} != {f"Fig {number}"}, "raw SQL is not heard"
        assert running.manage("purge", *words).strip() == "workers of facades told: 2"
        until(lambda: {name for name, _ in everywhere(running, path)} == {f"Fig {number}"}, 5)  # noqa: B023 at once
        warm(running, path)


@pytest.mark.parametrize("words", [(), ("--path", "catalog")])
def test_a_purge_of_nothing_is_wrong_usage(running: Running, words: tuple[str, ...]) -> None:
    """It would look like one that had worked."""
    running.manage("purge", *words, code=2)
