"""Who answers requests, as the entrance knows them."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from facade.headers import Inbound
from facade.http1.request_line import RequestLine

if TYPE_CHECKING:
    from facade.entrance.client import Client


class Handler(Protocol):
    """Answers one request through the connection."""

    def __call__(self, client: "Client", line: RequestLine, inbound: Inbound) -> Awaitable[None] | None:
        """What is to be awaited until it is answered; None when it is already."""


Report = Callable[[int], None]
"""Told the status of each refusal that no handler saw."""
