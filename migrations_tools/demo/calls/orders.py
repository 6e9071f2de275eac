"""Shopping: the catalog, orders, and the history, which shows the customer's name as the users context has it."""

from migrations_tools.demo.calls import CATALOG, ORDERS, Call, Json, Slots, Ticket, addresses, as_customer, body
from migrations_tools.demo.customers import Customer

SHOWN = 5  # of the newest orders are looked for in the history's first page


def browse(_: Customer, ticket: Ticket) -> Call:
    return Call("GET", f"{CATALOG}/products/{ticket.dice.choice(ticket.skus)}")


def place(customer: Customer, ticket: Ticket) -> Call:
    """To one of the customer's addresses, or else to one that is not kept."""
    numbers = customer.held("address:")
    to = {"ship_to": int(ticket.dice.choice(numbers))} if numbers else {"new_address": addresses.fields(ticket)}
    return _place(customer, ticket, {"lines": _lines(ticket), **to})


def place_to_new_address(customer: Customer, ticket: Ticket) -> Call:
    """One order that writes in both contexts: orders saves the address through the door of users."""
    address = addresses.fields(ticket)
    order = {"lines": _lines(ticket), "new_address": address, "save_address": True}
    return _place(customer, ticket, order, saved=ticket.unique)


def repeat(customer: Customer, _: Ticket) -> Call:
    """The last order sent once more under its key, as a client does that saw no answer: it must answer the same order."""
    assert customer.order is not None
    key, order = customer.order
    return Call(
        "POST",
        ORDERS,
        order,
        {**as_customer(customer), "Idempotency-Key": key},
        acks=frozenset({201}),
        sees=lambda answer: {f"key:{key}": answer["number"]},
        covers=(f"key:{key}",),
    )


def has_ordered(customer: Customer) -> bool:
    return customer.order is not None


def read_history(customer: Customer, _: Ticket) -> Call:
    newest = customer.expectation.named("order:")[-SHOWN:]
    covers = ("nickname", *newest) if newest else ()
    return Call("GET", ORDERS, headers=as_customer(customer), sees=_history, covers=covers)


def read_order(customer: Customer, ticket: Ticket) -> Call:
    number = ticket.dice.choice(customer.held("order:"))
    return Call(
        "GET",
        f"{ORDERS}/{number}",
        headers=as_customer(customer),
        sees=lambda answer: {f"order:{answer['number']}": 1},
        covers=(f"order:{number}",),
    )


def _lines(ticket: Ticket) -> list[Json]:
    skus = {ticket.dice.choice(ticket.skus) for _ in range(1 + ticket.n % 3)}
    return [{"sku": sku, "quantity": 1 + ticket.n % 2} for sku in sorted(skus)]


def _place(customer: Customer, ticket: Ticket, order: Json, *, saved: str = "") -> Call:
    key, sent = ticket.unique, body(order)

    def learn(answer: Json) -> Slots:
        customer.order = (key, sent)
        return {f"key:{key}": answer["number"], f"order:{answer['number']}": 1}

    return Call(
        "POST",
        ORDERS,
        sent,
        {**as_customer(customer), "Idempotency-Key": key},
        acks=frozenset({201}),
        sets={f"key:{key}": "?", **({f"label:{saved}": 1} if saved else {})},
        learn=learn,
    )


def _history(answer: Json) -> Slots:
    """The orders shown; of the customer's name only what there is to see, which takes an order."""
    seen: dict[str, Json] = {f"order:{order['number']}": 1 for order in answer["results"]}
    for order in answer["results"]:
        seen["nickname"] = order["customer"]["display_name"]
    return seen
