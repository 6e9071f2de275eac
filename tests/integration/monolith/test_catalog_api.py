"""The catalog over HTTP, for anybody."""

from typing import Any

import pytest
from django.test import Client

from monolith.catalog.models import Product
from monolith.catalog.serializers import ProductSerializer

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
