"""Which facts the users context listens to."""

import logging

from monolith.facts import Handlers
from monolith.users.events import SessionsRevoked

log = logging.getLogger(__name__)


def warn_of_reuse(fact: SessionsRevoked) -> None:
    """A token used twice is either a broken client or a stolen token; both deserve a line."""
    log.warning(
        "A refresh token was used twice; its family is revoked.",
        extra={"user_key": fact.key, "family": str(fact.family)},
    )


HANDLERS: Handlers = {
    SessionsRevoked: (warn_of_reuse,),
}
