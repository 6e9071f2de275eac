"""What a customer may ask of the orders context, and how it is refused: plain values."""

from dataclasses import dataclass

from monolith.users.api import NewAddress


@dataclass(frozen=True, slots=True)
class LineWanted:
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """The command. `ship_to` is the number of an address of the customer; None means `new_address`, or else
    the profile address, or else their first. `digest` stands for the whole request, and tells a repeat from
    another request.
    """

    customer: int
    lines: tuple[LineWanted, ...]
    ship_to: int | None
    new_address: NewAddress | None
    save_address: bool
    idempotency_key: str | None
    digest: str


class OrderRefused(Exception):
    """The order cannot be placed; `errors` maps the request's fields to messages."""

    def __init__(self, **errors: list[str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


class KeyReused(Exception):
    """The Idempotency-Key belongs to another request of this customer."""
