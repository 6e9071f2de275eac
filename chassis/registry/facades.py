"""What each worker of a facade tells of itself, to Valkey and to control: its name, and the version of the routes in force there.

Valkey hears at once and forgets after a while; control hears with each question for the routes, so that a worker which is cut off
from Valkey is known too. No input or output here. It refuses a word that it cannot read.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

HEADER: Final = "Banyan-Facade"
"""Of a question for the routes: `<name>;version=<n>;seconds=<n>`."""

INDEX: Final = "banyan:facades"
PREFIX: Final = "banyan:facade:"
"""One key a worker, which holds its version and expires; the set of all their names, so that nobody searches a Valkey full of
other keys."""

FAREWELL_PREFIX: Final = "banyan:facade-gone:"
"""One key a worker that has said farewell, for a while: control may not have been there to hear it."""

TTL_SECONDS: Final = 10
"""How long Valkey believes a worker to be there."""

_LONGEST_NAME: Final = 120
_SHAPE: Final = re.compile(r"([A-Za-z0-9._:-]{1,120});version=([0-9]{1,18});seconds=([0-9]{1,6})")

TELL: Final = f"""
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('SADD', '{INDEX}', ARGV[3])
local living = 0
for _, name in ipairs(redis.call('SMEMBERS', '{INDEX}')) do
    if redis.call('EXISTS', '{PREFIX}' .. name) == 1 then living = living + 1 else redis.call('SREM', '{INDEX}', name) end
end
return living
"""
"""Script: the key; version, seconds and name. How many workers live, this one among them."""

LEAVE: Final = f"""
redis.call('SET', '{FAREWELL_PREFIX}' .. ARGV[1], 1, 'EX', 60)
redis.call('SREM', '{INDEX}', ARGV[1])
return redis.call('DEL', KEYS[1])
"""
"""Script: the key; the name."""

LIVING: Final = f"""
local found = {{}}
for _, name in ipairs(redis.call('SMEMBERS', '{INDEX}')) do
    local version = redis.call('GET', '{PREFIX}' .. name)
    if version then found[#found + 1] = name; found[#found + 1] = version end
end
return found
"""
"""Script without keys: names and versions of all that live, in turn."""


class BadWord(ValueError):
    """What was sent is no word of a facade's worker."""


@dataclass(frozen=True, slots=True)
class Word:
    """`version` is 0 as long as control has told none: what was kept on disk is no acknowledgement. The worker promises to be
    heard again within `seconds`; 0 is its farewell.
    """

    name: str
    version: int
    seconds: int

    def encode(self) -> str:
        return f"{self.name};version={self.version};seconds={self.seconds}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raises `BadWord`."""
        found = _SHAPE.fullmatch(text)
        if found is None:
            raise BadWord(f"{text[:_LONGEST_NAME]!r} does not tell which facade asks")
        return cls(found[1], int(found[2]), int(found[3]))
