"""The policies in force, by path and method: immutable, replaced as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from facade.pipeline.policy import Policy
from facade.responses.shared import Cache

NOTHING: Final = Policy.of("/", frozenset(), ())


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """The longest path wins; of two with the same path, the one that names the method. `cache`: where answers are kept, None
    where no policy keeps any.
    """

    policies: tuple[Policy, ...]
    cache: Cache | None = None

    @classmethod
    def of(cls, policies: Iterable[Policy], cache: Cache | None = None) -> Self:
        return cls(tuple(sorted(policies, key=lambda policy: (-len(policy.path), not policy.methods))), cache)

    def match(self, method: str, path: str) -> Policy:
        """The policy of a decoded path; a policy's path ends at a slash or with the request's."""
        for policy in self.policies:
            prefix = policy.path
            if path.startswith(prefix) and (prefix == "/" or len(path) == len(prefix) or path[len(prefix)] == "/"):
                methods = policy.methods
                if not methods or method in methods:
                    return policy
        return NOTHING
