"""What the relay takes from, and gives to, the rest of the system: flags, hand-overs left half done, horizons for the facades."""

import logging
import time
from collections.abc import Sequence

import valkey
from django.db import Error, connections

from chassis import env, purging, tags
from migrations_tools.control.flags import current
from migrations_tools.control.lock import operator
from migrations_tools.control.router import DATABASE
from migrations_tools.cutover.finish import finish
from migrations_tools.phases import policy
from migrations_tools.plans import PLANS
from migrations_tools.relay.sides import Sides

log = logging.getLogger("banyan.relay")

HORIZON = "banyan:horizon:"
FLAG_SECONDS = 0.5


class ControlPlane:
    """The real surroundings. With the control database gone the relay goes on as it last was; with Valkey gone the facades ask
    the side with authority, which is always right.
    """

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._valkey = valkey.Valkey.from_url(env.valkey_url(), socket_timeout=0.5, socket_connect_timeout=0.5)
        self._mirrored = False
        self._asked = float("-inf")

    def is_mirrored(self, context: str) -> bool:
        """Whether the phase replicates; asked of the control database at most twice a second."""
        if time.monotonic() - self._asked >= FLAG_SECONDS:
            try:
                self._mirrored = policy(current(context).phase).replication is not None
            except Error as trouble:
                log.warning("%s: the control database cannot be asked, so nothing changes: %s", context, trouble)
                connections[DATABASE].close()
            self._asked = time.monotonic()
        return self._mirrored

    def finish_hand_over(self, context: str) -> bool:  # noqa: ARG002 - the sides are the context's
        return finish(self._sides, who=f"{operator()} relay")

    def publish_horizon(self, context: str, epoch: int, horizon: int) -> None:
        try:
            self._valkey.set(f"{HORIZON}{context}", f"{epoch}:{horizon}")
        except valkey.ValkeyError as trouble:
            log.warning("%s: the horizon could not be published: %s", context, trouble)

    def applied(self, context: str, aggregate: str, keys: Sequence[int]) -> None:
        """In a canary the other side answers reads: what was kept of it from before is history now."""
        if keys and any(one.name == aggregate and one.cached for one in PLANS[context].aggregates):
            purging.tell(*tags.changed(context, aggregate, keys))
