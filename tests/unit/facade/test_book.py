"""The table in force: what changes it, and what must not."""

from facade.book import RouteBook
from facade.routes import ContextState, Feed, Lesson
from migrations_tools.phases import Owner, Phase
from migrations_tools.plans import PLANS


def feed(version: int, phase: Phase, epoch: int, *services: str) -> Feed:
    return Feed(version, {"users": ContextState(phase, epoch, services=services)})


def owner(book: RouteBook) -> Owner:
    route = book.table.match("/api/v1/users/me")
    assert route is not None
    return route.authority


def test_older_feed_changes_nothing() -> None:
    """A poll that was overtaken by a push is not put in force."""
    book = RouteBook(list(PLANS.values()))
    assert book.apply(feed(5, Phase.SERVICE, 1), "feed")
    assert not book.apply(feed(4, Phase.MONOLITH, 0), "feed")
    assert not book.apply(feed(5, Phase.SERVICE, 1), "feed")
    assert owner(book) is Owner.SERVICE


def test_new_address_applies_under_the_same_version() -> None:
    """A service that moved to another port is found, though no flag was changed."""
    book = RouteBook(list(PLANS.values()))
    book.apply(feed(5, Phase.SERVICE, 1, "http://a:1"), "feed")
    assert book.apply(feed(5, Phase.SERVICE, 1, "http://a:2"), "feed")


def test_live_feed_replaces_what_was_on_disk() -> None:
    """After a restart control is believed, also when its database was restored to an older version."""
    book = RouteBook(list(PLANS.values()))
    book.apply(feed(9, Phase.SERVICE, 3), "disk")
    assert book.apply(feed(2, Phase.MONOLITH, 0), "feed")
    assert (owner(book), book.source) == (Owner.MONOLITH, "feed")


def test_lesson_lasts_until_its_epoch_is_in_the_feed() -> None:
    """What a 421 taught outlives feeds that are behind, and ends with the first that is not."""
    book = RouteBook(list(PLANS.values()))
    book.apply(feed(1, Phase.CANARY, 1), "feed")
    book.learn("users", Lesson(2, Owner.SERVICE))
    book.learn("users", Lesson(1, Owner.MONOLITH))
    assert owner(book) is Owner.SERVICE
    book.apply(feed(2, Phase.CANARY, 1), "feed")
    assert (owner(book), book.lessons) == (Owner.SERVICE, 1)
    book.apply(feed(3, Phase.SERVICE, 2), "feed")
    assert (owner(book), book.lessons) == (Owner.SERVICE, 0)


def test_lesson_that_the_feed_has_passed_is_not_learnt() -> None:
    """A side that answers with an old epoch teaches nothing."""
    book = RouteBook(list(PLANS.values()))
    book.apply(feed(1, Phase.SERVICE, 4), "feed")
    book.learn("users", Lesson(4, Owner.MONOLITH))
    assert (owner(book), book.lessons) == (Owner.SERVICE, 0)
