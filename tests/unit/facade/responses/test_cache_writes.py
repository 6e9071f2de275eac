"""What a write makes the response cache forget, however it names the place."""

import pytest

from facade.responses import kept
from tests.unit.facade.responses.asked import Asked, asked, reply
from tests.unit.facade.responses.bench import Bench


def rewritten(method: str, path: str, upstream: str) -> Asked:
    """A request for `path` that a stage has sent on to `upstream`."""
    request = asked(method, path.encode())
    request.target = upstream.encode()
    return request


KEPT = {"cache_control": "max-age=60"}
OLD = ("/old/x", "/new/x")
NEW = ("/new/x", "/new/x")


@pytest.mark.parametrize(("read", "write"), [(OLD, NEW), (NEW, OLD), (OLD, OLD), (OLD, ("/other/x", "/new/x"))])
def test_a_write_counts_by_each_name_of_its_place(read: tuple[str, str], write: tuple[str, str]) -> None:
    """By the client's path and by that of the upstream, on either side; so it does while the answer is being fetched."""
    bench = Bench()
    bench.now(rewritten("GET", *read), reply(200, b"one", **KEPT))
    bench.now(rewritten("PUT", *write), reply(204, b""))
    assert len(bench.cache.store) == 0
    under_way = rewritten("GET", *read)
    bench.stage.before(under_way)
    bench.now(rewritten("PUT", *write), reply(204, b""))
    bench.stage.after(under_way, reply(200, b"one", **KEPT))
    bench.stage.ended(under_way)
    assert len(bench.cache.store) == 0


@pytest.mark.parametrize(
    ("read", "location"), [("/old/y", "/new/y"), ("/old/y", "/old/y"), ("/new/y", "y"), ("/old/y", "https://shop.example/new/y")]
)
def test_a_place_that_an_answer_names_may_be_the_upstreams(read: str, location: str) -> None:
    """It does not know that it was asked by another path; its relative references hold for both."""
    bench = Bench()
    bench.now(rewritten("GET", read, "/new/y"), reply(200, b"one", **KEPT))
    bench.now(rewritten("POST", "/old/x", "/new/x"), reply(201, b"", location=location))
    assert len(bench.cache.store) == 0


@pytest.mark.parametrize(
    "location",
    [
        "7", "./7", "../orders/7", "/orders/7", "/orders/7?a=b#c", "/orders/%37", "//shop.example/orders/7",
        "https://shop.example/orders/7", "HTTPS://Shop.Example:443/orders/7", "http://shop.example/orders/7",
        "http://shop.example:80/orders/7",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["location", "content_location"])
def test_a_place_may_be_named_in_many_ways(location: str, name: str) -> None:
    """Relative to the request, by the host in any case, with the port that goes without saying."""
    bench = Bench()
    bench.now(asked("GET", b"/orders/7"), reply(200, b"one", **KEPT))
    bench.now(asked("POST", b"/orders/"), reply(201, b"", **{name: location}))
    assert len(bench.cache.store) == 0


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/orders/7",
        "//evil.example/orders/7",
        "https://shop.example:8443/orders/7",
        "https://shop.example:x/orders/7",
    ],
)
def test_another_host_is_another_place(location: str) -> None:
    """No answer can make more go than what its own host said."""
    bench = Bench()
    bench.now(asked("GET", b"/orders/7"), reply(200, b"one", **KEPT))
    bench.now(asked("POST", b"/orders/"), reply(201, b"", location=location))
    assert len(bench.cache.store) == 1


def test_a_place_can_be_named_without_any_host() -> None:
    """A client of HTTP/1.0 names none."""
    request = asked("POST", b"/orders/")
    request.host = b""
    assert list(kept.written(request, [(b"location", b"7")])) == ["/orders/", "/orders/7"]


def test_clients_are_not_told_the_tags_of_a_write() -> None:
    """They are said to the cache alone."""
    assert not Bench().now(asked("PUT"), reply(200, b"", surrogate_key="figs")).get(b"surrogate-key")
