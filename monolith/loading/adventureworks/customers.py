"""Pages of customers with their addresses, and the books on people and addresses that are no customer's."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from monolith.loading.adventureworks.addresses import HOME, Link, Place, Split, address_row, split
from monolith.loading.adventureworks.people import Customer, People, user_row
from monolith.loading.source import PAGE_ROWS, Page
from monolith.loading.tables import ADDRESSES, USERS
from monolith.loading.tally import Tally

CUSTOMER_FILE, LINK_FILE = "Customer.csv.gz", "BusinessEntityAddress.csv.gz"


class Book(NamedTuple):
    """All that is known about customers; small enough to be held in memory."""

    customers: Sequence[Customer]
    people: People
    places: Mapping[int, Place]
    links: Mapping[int, list[Link]]

    def addresses(self, customer: Customer) -> Split:
        """The customer's person's addresses, then its store's, split."""
        owners = (customer.person, customer.store)
        return split(list(chain.from_iterable(self.links.get(owner, ()) for owner in owners if owner is not None)))

    def profile(self, customer: Customer) -> Place | None:
        link = self.addresses(customer).profile
        return self.places[link.address] if link else None


def pages(book: Book, password: str, after: int) -> Iterator[Page]:
    """Customers by id; the position counts them, plus one for the last page, which closes the books."""
    placed: set[Link] = set()
    walk = iter(book.customers)
    position = 0
    while some := list(islice(walk, PAGE_ROWS)):
        position += len(some)
        page = Page(position)
        for customer in some:
            _put(page, book, customer, password, placed)
        if position > after:
            yield page
    if after <= position:
        yield Page(position + 1, tally=_left_out(book, placed))


def _put(page: Page, book: Book, customer: Customer, password: str, placed: set[Link]) -> None:
    profile, further = book.addresses(customer)
    row = user_row(customer, book.people, book.places[profile.address] if profile else None, password)
    page.put(USERS, row)
    tally = page.tally
    tally.read[CUSTOMER_FILE] += 1
    tally.count(
        CUSTOMER_FILE, "customers with a person" if customer.person else "shops without a person: name and e-mail made up"
    )
    tally.rules["e-mail addresses with a non-ASCII local part: kept"] += not row.email.isascii()
    tally.rules["title 'Ms' beside 'Ms.': kept"] += row.title == "Ms"
    if profile:
        _link(tally, placed, profile, "profile address (home)" if profile.kind == HOME else "profile address (main office)")
    for link in further:
        page.put(ADDRESSES, address_row(customer.id, link, book.places[link.address], copy=link in placed))
        _link(tally, placed, link, "further address")


def _link(tally: Tally, placed: set[Link], link: Link, outcome: str) -> None:
    if link in placed:
        tally.rules["addresses of a store given to its second customer as well"] += 1
        return
    placed.add(link)
    tally.read[LINK_FILE] += 1
    tally.count(LINK_FILE, outcome)


def _left_out(book: Book, placed: set[Link]) -> Tally:
    tally = Tally()
    used = {customer.person for customer in book.customers}
    for file, keys in (
        ("Person.csv.gz", book.people.persons.keys()),
        ("EmailAddress.csv.gz", book.people.emails.keys()),
        ("PersonPhone.csv.gz", book.people.phones.keys()),
    ):
        tally.read[file] += len(keys)
        tally.count(file, "of a customer", len(keys & used))
        tally.count(file, "left out: of an employee, vendor or contact who is no customer", len(keys - used))
    others = sum(link not in placed for links in book.links.values() for link in links)
    tally.read[LINK_FILE] += others
    tally.count(LINK_FILE, "left out: of an employee or vendor who is no customer", others)
    return tally
