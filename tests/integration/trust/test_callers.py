"""Whom the upstreams of the platform answer: the facade and each other, and nobody who comes by another way."""

from uuid import uuid4

import psycopg
import pytest
import requests

from tests.integration.facade.entrance import until
from tests.integration.trust.conftest import Running, at_once

_PRODUCT = "INSERT INTO catalog_product (sku, name, list_price, currency) VALUES (%s, 'A fig', 3, 'USD')"


@pytest.mark.parametrize(("process", "path"), [("monolith", "/api/v1/catalog/products"), ("users", "/api/v1/users/me")])
def test_an_upstream_refuses_who_comes_past_the_facade(process: str, path: str, running: Running) -> None:
    """Without a token, with one for another process, and with one that was used; a user's token opens nothing there either."""
    base, user = running.platform.urls[process], running.signed_in("past@example.org")
    other = "users" if process == "monolith" else "monolith"
    good = running.signed(process)
    assert running.ask("GET", path, user, base, headers=good).status_code == 200
    for headers in ({}, running.signed(other), good):
        refused = running.ask("GET", path, user, base, headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (401, "urn:banyan:problem:invalid-caller")
    assert running.ask("GET", path, user).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/.well-known/jwks.json"])
def test_probes_and_verifiers_need_no_token(path: str, running: Running) -> None:
    """Orchestrators, Prometheus and third parties cannot sign."""
    for base in (running.monolith, running.users):
        assert requests.get(base + path, timeout=5).status_code == 200


def test_a_token_that_many_send_at_once_lets_one_in(running: Running) -> None:
    """A server of many threads has one memory."""
    headers = running.signed("monolith")

    def once() -> int:
        return requests.get(f"{running.monolith}/api/v1/catalog/products", headers=headers, timeout=20).status_code

    assert sorted(at_once(*[once] * 12)) == [200] + [401] * 11


def test_the_platform_goes_on_among_itself(running: Running) -> None:
    """The monolith asks the users service for the customer of an order, the facade asks both, the relay brings back what was
    written.
    """
    sku = f"fig-{uuid4().hex[:8]}"
    with psycopg.connect(running.around.databases["monolith"]) as connection:
        connection.execute(_PRODUCT, (sku,))
    user = running.signed_in("orders@example.org")
    there = {"lines": ["1 Fig Street"], "city": "Bonn", "postal_code": "53111", "country": "DE"}
    order = {"lines": [{"sku": sku, "quantity": 2}], "new_address": there, "save_address": True}
    placed = running.ask("POST", "/api/v1/orders", user, json=order, headers={"Idempotency-Key": uuid4().hex})
    assert placed.status_code == 201, placed.text
    with psycopg.connect(running.around.databases["monolith"], autocommit=True) as connection:
        arrived = "SELECT count(*) FROM users_user WHERE email = 'orders@example.org'"
        until(lambda: connection.execute(arrived).fetchone() == (1,), 30)
