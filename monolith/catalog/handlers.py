"""Which facts the catalog listens to."""

import logging

from monolith.catalog.events import PriceChanged
from monolith.facts import Handlers

log = logging.getLogger(__name__)


def note_price(fact: PriceChanged) -> None:
    """Prices are asked about afterwards; the log keeps each change."""
    log.info("The price of %s went from %s to %s %s.", fact.sku, fact.old, fact.new, fact.currency)


HANDLERS: Handlers = {
    PriceChanged: (note_price,),
}
