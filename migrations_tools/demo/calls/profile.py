"""The customer's own page: profile, profile address and preferences."""

from migrations_tools.demo.calls import USERS, Call, Json, Slots, Ticket, as_customer, body
from migrations_tools.demo.customers import Customer

ME = ("email", "nickname", "phone", "profile")


def change_profile(customer: Customer, ticket: Ticket) -> Call:
    fields = {"nickname": ticket.unique, "phone": f"{200 + ticket.n % 700}-555-{ticket.n % 10_000:04}"}
    return Call("PATCH", f"{USERS}/me", body(fields), as_customer(customer), sets=fields)


def set_profile_address(customer: Customer, ticket: Ticket) -> Call:
    fields = {"kind": "profile", "lines": [ticket.unique], "city": "Aarhus", "postal_code": "8000", "country": "DK"}
    return Call(
        "PUT",
        f"{USERS}/me/addresses/0",
        body({**fields, "label": "", "region": ""}),
        as_customer(customer),
        sets={"profile": ticket.unique},
    )


def set_preferences(customer: Customer, ticket: Ticket) -> Call:
    chosen = {"theme": ticket.dice.choice(("light", "dark", "system")), "last_seen": ticket.unique}
    if ticket.dice.random() < 0.5:
        chosen["language"] = ticket.dice.choice(("da", "de", "en", "fr"))
    return Call("PUT", f"{USERS}/me/preferences", body(chosen), as_customer(customer), sets={"preferences": chosen})


def read_me(customer: Customer, _: Ticket) -> Call:
    return Call("GET", f"{USERS}/me", headers=as_customer(customer), sees=_me, covers=ME)


def read_preferences(customer: Customer, _: Ticket) -> Call:
    return Call(
        "GET",
        f"{USERS}/me/preferences",
        headers=as_customer(customer),
        sees=lambda answer: {"preferences": answer},
        covers=("preferences",),
    )


def _me(answer: Json) -> Slots:
    address = answer["profile_address"]
    lines = address["lines"] if address else []
    seen = {name: answer[name] for name in ("email", "nickname", "phone")}
    return {**seen, "profile": lines[0] if lines else None}
