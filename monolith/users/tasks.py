"""What the users context does in the background."""

import logging

from celery import shared_task
from django.db.utils import DatabaseError

from chassis.replica.authority import Misdirected, misdirected_in, require
from monolith.users.services.pruning import prune_expired

BATCH = 1000

log = logging.getLogger(__name__)


@shared_task(name="users.prune_refresh_tokens")  # type: ignore[untyped-decorator]
def prune_refresh_tokens() -> int:
    """Delete refresh tokens that are of no more use. Where the service has authority, that is the service's
    business.
    """
    total = 0
    try:
        require("users")
        while deleted := prune_expired(BATCH):
            total += deleted
    except (Misdirected, DatabaseError) as error:
        if misdirected_in(error) is None:
            raise
        log.info("Nothing pruned here: the service has authority for users.")
    return total
