"""The customer's further addresses: each label is unique, so that an address that appears twice is seen."""

from migrations_tools.demo.calls import USERS, Call, Json, Slots, Ticket, as_customer, body
from migrations_tools.demo.customers import Customer

MOST = 6
CITIES = (("Gent", "9000", "BE"), ("Łódź", "90-001", "PL"), ("Bergen", "5003", "NO"), ("Kilkenny", "R95", "IE"))


def fields(ticket: Ticket) -> dict[str, Json]:
    """A new address whose label is the ticket's unique value."""
    city, postal_code, country = ticket.dice.choice(CITIES)
    lines = [f"{1 + ticket.n % 200} Banyan Row", *(["Back door"] if ticket.dice.random() < 0.3 else [])]
    place = {"city": city, "region": "", "postal_code": postal_code, "country": country}
    return {"kind": ticket.dice.choice(("home", "shipping", "billing")), "label": ticket.unique, "lines": lines, **place}


def has_room(customer: Customer) -> bool:
    return len(customer.held("label:")) < MOST


def has_one(customer: Customer) -> bool:
    return bool(customer.held("address:"))


def add(customer: Customer, ticket: Ticket) -> Call:
    return Call(
        "POST",
        f"{USERS}/me/addresses",
        body(fields(ticket)),
        as_customer(customer),
        acks=frozenset({201}),
        sets={f"label:{ticket.unique}": 1},
        learn=lambda answer: {f"address:{answer['number']}": ticket.unique},
    )


def change(customer: Customer, ticket: Ticket) -> Call:
    number, old = _one(customer, ticket)
    return Call(
        "PUT",
        f"{USERS}/me/addresses/{number}",
        body(fields(ticket)),
        as_customer(customer),
        sets={f"address:{number}": ticket.unique, f"label:{old}": None, f"label:{ticket.unique}": 1},
    )


def remove(customer: Customer, ticket: Ticket) -> Call:
    number, old = _one(customer, ticket)
    return Call(
        "DELETE",
        f"{USERS}/me/addresses/{number}",
        headers=as_customer(customer),
        acks=frozenset({204}),
        sets={f"address:{number}": None, f"label:{old}": None},
    )


def read(customer: Customer, _: Ticket) -> Call:
    return Call(
        "GET",
        f"{USERS}/me/addresses",
        headers=as_customer(customer),
        sees=_listed,
        covers=customer.expectation.named("address:", "label:"),
    )


def _one(customer: Customer, ticket: Ticket) -> tuple[str, str]:
    number = ticket.dice.choice(customer.held("address:"))
    return number, customer.expectation.slots[f"address:{number}"].value


def _listed(answer: Json) -> Slots:
    """Each label with the number of addresses that bear it."""
    seen: dict[str, Json] = {}
    for address in answer["results"]:
        label = f"label:{address['label']}"
        seen[f"address:{address['number']}"] = address["label"]
        seen[label] = seen.get(label, 0) + 1
    return seen
