"""Registration and sessions, with the two refusals that people meet: an address that is taken, and a wrong password."""

import hashlib
import time

from migrations_tools.demo.calls import USERS, Call, Json, Slots, Ticket, as_customer, body
from migrations_tools.demo.customers import Customer
from migrations_tools.demo.expect import ANYTHING

PASSWORD = "a long enough passphrase"  # noqa: S105 - of customers who exist in the demonstration only
DOMAIN = "shoppers.example"


def newcomer(ticket: Ticket) -> Customer:
    """Someone who is about to register."""
    return Customer(f"{ticket.unique}@{DOMAIN}", PASSWORD)


def is_newcomer(customer: Customer) -> bool:
    """Loaded data has addresses that a registration would refuse for their form before it asks whether they are taken."""
    return customer.email.endswith(f"@{DOMAIN}")


def register(customer: Customer, ticket: Ticket) -> Call:
    fields = {"email": customer.email, "password": customer.password, "nickname": ticket.unique}
    return Call(
        "POST",
        f"{USERS}/register",
        body({**fields, "first_name": "Robin", "last_name": "Shopper"}),
        acks=frozenset({201}),
        sets={"email": customer.email, "nickname": ticket.unique},
    )


def register_taken(customer: Customer, ticket: Ticket) -> Call:
    fields = {"email": customer.email, "password": PASSWORD, "nickname": ticket.unique}
    return Call("POST", f"{USERS}/register", body(fields), acks=frozenset(), refusals=frozenset({409}))


def login(customer: Customer, _: Ticket) -> Call:
    """A new session; the tokens of the ones before may be tidied away with it."""
    forgotten = dict.fromkeys(customer.expectation.named("token:"), ANYTHING)
    return Call(
        "POST",
        f"{USERS}/login",
        body({"email": customer.email, "password": customer.password}),
        sets=forgotten,
        learn=lambda answer: _session(customer, answer),
    )


def login_wrong(customer: Customer, _: Ticket) -> Call:
    return Call(
        "POST",
        f"{USERS}/login",
        body({"email": customer.email, "password": "not the passphrase"}),
        acks=frozenset(),
        refusals=frozenset({401}),
    )


def refresh(customer: Customer, _: Ticket) -> Call:
    """The old token is spent when the answer comes; without an answer nobody knows, so the customer must sign in anew."""
    old, token = _slot(customer.refresh), customer.refresh
    customer.sign_out()
    return Call(
        "POST",
        f"{USERS}/token/refresh",
        body({"refresh": token}),
        sets={old: "used"},
        learn=lambda answer: _session(customer, answer),
    )


def logout(customer: Customer, _: Ticket) -> Call:
    headers, token = as_customer(customer), customer.refresh
    customer.sign_out()
    return Call(
        "POST",
        f"{USERS}/logout",
        body({"refresh": token}),
        headers,
        acks=frozenset({204}),
        sets={_slot(token): "revoked"},
    )


def _session(customer: Customer, answer: Json) -> Slots:
    customer.access, customer.refresh = answer["access"], answer["refresh"]
    customer.signed_in_at = time.monotonic()
    return {_slot(customer.refresh): "live"}


def _slot(token: str) -> str:
    """Tokens are known by their SHA-256, in the journal as in the database."""
    return f"token:{hashlib.sha256(token.encode()).hexdigest()}"
