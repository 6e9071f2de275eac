"""Which facts the orders context listens to."""

from monolith.facts import Handlers
from monolith.orders.events import OrderPlaced
from monolith.orders.tasks import confirm_order


def confirm(fact: OrderPlaced) -> None:
    """Confirming an order asks the users context for an e-mail address; the customer need not wait for
    that.
    """
    confirm_order.delay(fact.key)


HANDLERS: Handlers = {
    OrderPlaced: (confirm,),
}
