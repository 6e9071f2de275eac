"""What a look at a customer must show."""

from migrations_tools.demo.customers import Customer
from migrations_tools.demo.expect import ANYTHING, Expectation


def test_the_last_acknowledged_value_must_be_seen() -> None:
    """A look that shows an older value, or none, misses the newest."""
    expectation = Expectation()
    expectation.acknowledge({"nickname": "a"})
    expectation.acknowledge({"nickname": "b"})
    assert expectation.missing({"nickname": "b"}, ["nickname"]) == []
    assert expectation.missing({"nickname": "a"}, ["nickname"]) == ["nickname: expected 'b', saw 'a'"]
    assert expectation.missing({}, ["nickname"])


def test_what_was_removed_must_be_gone() -> None:
    """A removed address that is still there is a lost write."""
    expectation = Expectation()
    expectation.acknowledge({"address:7": "home"})
    expectation.acknowledge({"address:7": None})
    assert expectation.missing({"address:7": "home"}, ["address:7"])
    assert not expectation.missing({}, ["address:7"])


def test_an_unclear_write_may_or_may_not_be_there() -> None:
    """Both the acknowledged and the unclear value are right; a third is not."""
    expectation = Expectation()
    expectation.acknowledge({"nickname": "sure"})
    expectation.doubt({"nickname": "perhaps"})
    for value in ("sure", "perhaps"):
        assert not expectation.missing({"nickname": value}, ["nickname"])
    assert expectation.missing({"nickname": "neither"}, ["nickname"])


def test_an_unclear_write_may_still_land_after_the_next() -> None:
    """A request without an answer may be executed late, so its value stays possible."""
    expectation = Expectation()
    expectation.doubt({"nickname": "late"})
    expectation.acknowledge({"nickname": "next"})
    assert not expectation.missing({"nickname": "late"}, ["nickname"])


def test_nothing_is_promised_of_what_nobody_wrote() -> None:
    """Slots that were never written, or let go, are right whatever they show."""
    expectation = Expectation()
    expectation.acknowledge({"token:x": "live"})
    expectation.acknowledge({"token:x": ANYTHING})
    assert not expectation.missing({}, ["token:x", "nickname"])
    assert expectation.named("token:") == []


def test_what_may_be_gone_is_not_used_again() -> None:
    """A removal without a clear answer leaves open whether there is anything left to change; changing it could fail rightly."""
    customer = Customer("a@example.org", "")
    customer.expectation.acknowledge({"address:7": "home", "address:8": "work"})
    customer.expectation.doubt({"address:7": None})
    assert customer.held("address:") == ["8"]
    assert not customer.expectation.missing({"address:7": "home", "address:8": "work"}, ["address:7", "address:8"])
