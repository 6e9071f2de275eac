"""The catalog over HTTP, for anybody."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chassis import tags
from chassis.embedded import ValkeyServer
from migrations_tools.control import valkeys
from monolith.catalog import services
from monolith.catalog.models import Category, Product
from monolith.catalog.serializers import ProductSerializer
from monolith.catalog.views import KEPT

TAGS = ["catalog", "catalog:product"]
pytestmark = pytest.mark.django_db


def _skus(client: Client, **query: str) -> list[str]:
    answer = client.get("/api/v1/catalog/products", query)
    assert answer.status_code == 200, answer.content
    return [product["sku"] for product in answer.json()["results"]]


def test_what_is_for_sale_is_listed(client: Client, products: dict[str, Product]) -> None:
    """Products for sale by code, without those that are inactive or no products."""
    assert set(_skus(client)) == {"A1", "a1", "DEAR", "GB1"}


def test_a_search_finds_by_words_and_category(client: Client, products: dict[str, Product]) -> None:
    """Words are looked for in names and codes; a category includes those below it."""
    bikes = Product.objects.get(sku="a1").category
    road = Product.objects.get(sku="A1").category
    assert bikes is not None
    assert road is not None
    assert _skus(client, q="ROAD") == ["A1"]
    assert _skus(client, q="gb") == ["GB1"]
    assert set(_skus(client, category=str(bikes.id))) == {"A1", "a1"}
    assert _skus(client, category=str(road.id)) == ["A1"]
    assert _skus(client, q="100%") == _skus(client, q="_") == _skus(client, category="999") == []


@pytest.mark.parametrize(
    "query", [{"category": "x"}, {"category": "0"}, {"category": "9" * 30}, {"q": "x" * 101}, {"q": "a\x00"}]
)
def test_what_cannot_be_searched_for_is_refused(client: Client, query: dict[str, str]) -> None:
    """A bad parameter is a 400 that names it."""
    answer = client.get("/api/v1/catalog/products", query)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == set(query)


def test_a_product_by_its_code(client: Client, products: dict[str, Product]) -> None:
    """Codes differ by case; money is text; one that is sold out is told as such."""
    product = client.get("/api/v1/catalog/products/A1").json()
    assert (product["name"], product["price"], product["category"]["name"]) == ("Road bike", "1200.5000", "Road bikes")
    assert set(product) == set(ProductSerializer().fields)
    assert client.get("/api/v1/catalog/products/a1").json()["name"] == "Bell"
    assert client.get("/api/v1/catalog/products/OLD").json()["is_active"] is False


@pytest.mark.parametrize("sku", ["none", "POST", "a%00", "x" * 41, "%C3%A9", "a%2Fb", "%0A"])
def test_codes_that_are_not_there(client: Client, products: dict[str, Product], sku: str) -> None:
    """An unknown code is a 404, whatever it is made of."""
    answer = client.get(f"/api/v1/catalog/products/{sku}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_pages_of_products(client: Client, django_assert_max_num_queries: Any) -> None:
    """50 a page in three queries; links keep the search."""
    Product.objects.bulk_create(Product(sku=f"P{number:03}", name="Part") for number in range(120))
    with django_assert_max_num_queries(3):
        page = client.get("/api/v1/catalog/products?q=part").json()
    assert (page["count"], len(page["results"]), page["previous"]) == (120, 50, None)
    last = client.get("/api/v1/catalog/products?q=part&page=3").json()
    assert (len(last["results"]), last["next"]) == (20, None)
    assert page["next"] == "/api/v1/catalog/products?page=2&q=part"
    assert client.get("/api/v1/catalog/products?page=99").status_code == 404


def test_categories_name_the_one_above(client: Client, products: dict[str, Product]) -> None:
    """The tree can be put together from the list."""
    bikes, road = client.get("/api/v1/catalog/categories").json()["results"]
    assert (bikes["name"], bikes["parent"], road["parent"]) == ("Bikes", None, bikes["id"])


def test_facades_may_keep_what_anybody_may_read(client: Client, products: dict[str, Product]) -> None:
    """For as long as it says, and by the tags by which a change makes it go; browsers ask again."""
    listed, shown = client.get("/api/v1/catalog/products"), client.get("/api/v1/catalog/products/A1")
    categories = client.get("/api/v1/catalog/categories")
    assert {answer["Cache-Control"] for answer in (listed, shown, categories)} == {KEPT}
    assert "s-maxage=60" in KEPT
    assert "max-age=0" in KEPT
    assert listed["Surrogate-Key"].split() == TAGS
    assert shown["Surrogate-Key"].split() == ["catalog", f"catalog:product:{products['A1'].pk}"]
    assert categories["Surrogate-Key"].split() == ["catalog", "catalog:category"]
    missing = client.get("/api/v1/catalog/products/none")
    assert (missing.status_code, missing.get("Surrogate-Key")) == (404, None)
    assert "s-maxage" not in missing.get("Cache-Control", "")


def heard(change: Callable[[], object], capture: Callable[..., Any]) -> list[set[str]]:
    """The tags of the messages that a change sends, in order."""
    with valkeys.connected() as one, one.pubsub() as listener:
        listener.subscribe(tags.CHANNEL)
        assert listener.get_message(timeout=5)["type"] == "subscribe"
        with capture(execute=True):
            change()
            assert listener.get_message(timeout=0.05) is None, "nobody is told before the commit"
        found = []
        while (message := listener.get_message(timeout=0.2)) is not None:
            found.append(set(json.loads(message["data"])["tags"]))
        return found


def test_a_change_of_a_product_is_told_after_its_commit(
    products: dict[str, Product], valkey: ValkeyServer, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    """By the ORM in any way: stored, edited by the admin's service, deleted alone or in bulk."""
    bell, key = products["a1"], products["a1"].pk
    expected = {"catalog:product", f"catalog:product:{key}"}
    assert heard(lambda: services.save(bell, bell.list_price), django_capture_on_commit_callbacks) == [expected]
    gone = {products[sku].pk for sku in ("A1", "a1")}
    told = heard(lambda: Product.objects.filter(pk__in=gone).delete(), django_capture_on_commit_callbacks)
    assert set.union(*told) == {"catalog:product", *(f"catalog:product:{pk}" for pk in gone)}


def test_a_change_of_a_category_makes_the_whole_catalog_go(
    products: dict[str, Product], valkey: ValkeyServer, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    """Products are shown with its name, and found by it."""
    category = Category.objects.get(name="Bikes")
    assert heard(category.save, django_capture_on_commit_callbacks) == [{"catalog"}]


def test_a_valkey_that_is_down_stops_no_change(
    products: dict[str, Product], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    """What is kept goes when its time is over."""
    monkeypatch.setenv("VALKEY_URL", "valkey://127.0.0.1:1/0")
    with django_capture_on_commit_callbacks(execute=True):
        products["a1"].save()
