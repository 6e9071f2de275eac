"""What an instance writes about itself, and where. No input or output here.

One key an instance, which expires unless it is renewed; the set of all their names, so that nobody has to search a
Valkey full of other keys; a channel that says that something has changed; and a key by which an instance is ordered to
drain. It refuses a record that it cannot read.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self

CHANNEL: Final = "banyan:instances"
"""Gets an instance's record whenever its state changes. Messages may be lost: read the whole list from time to time."""

INDEX: Final = "banyan:instances"
PREFIX: Final = "banyan:instance:"
ORDER_PREFIX: Final = "banyan:drain:"
TTL_SECONDS: Final = 5.0
"""How long an instance is believed to be there after its last heartbeat."""

HEARTBEAT_SECONDS: Final = 1.0

READ: Final = f"""
local found = {{}}
for _, id in ipairs(redis.call('SMEMBERS', '{INDEX}')) do
    local record = redis.call('GET', '{PREFIX}' .. id)
    if record then found[#found + 1] = record else redis.call('SREM', '{INDEX}', id) end
end
return found
"""
"""Script without keys: the records of all living instances. It forgets the names of those that are gone, in one step with the
reading: an instance that announces itself in between would otherwise be missing until its next heartbeat."""


class State(StrEnum):
    """Of an instance. One that drains ends the requests that it has and wants no new ones."""

    SERVING = "serving"
    DRAINING = "draining"


class InvalidRecord(ValueError):
    """What was read is no record of an instance."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One process that serves `context` ("monolith" for the monolith) at `url`. Several processes may share an address.

    `id` is new with each start of a process; `started` is seconds since the epoch; `version` may be empty.
    """

    id: str
    context: str
    url: str
    started: float
    version: str = ""
    state: State = State.SERVING

    @property
    def key(self) -> str:
        return PREFIX + self.id

    def encode(self) -> str:
        """As it is stored and sent."""
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, text: bytes | str) -> Self:
        """Raises `InvalidRecord`. Fields that are not known are left out: a newer instance may write more."""
        try:
            raw: dict[str, Any] = json.loads(text)
            return cls(
                id=str(raw["id"]),
                context=str(raw["context"]),
                url=str(raw["url"]).rstrip("/"),
                started=float(raw["started"]),
                version=str(raw["version"]),
                state=State(raw["state"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidRecord(f"this is no record of an instance: {text!r}") from error
