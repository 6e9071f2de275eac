"""Makes the table of policies from what is declared, out of the parts that all policies of this process share."""

from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Final, Self

from facade import problems
from facade.identity.apikeys import ApiKeys
from facade.identity.feed import ApiKey
from facade.identity.jwks import KeySet
from facade.identity.quota import KeyQuota
from facade.identity.stage import Authenticate, Authorise, Mode
from facade.identity.tokens import Tokens
from facade.limits.declared import By, Limit
from facade.limits.rule import Terms
from facade.limits.stage import RateLimit
from facade.pipeline.code import Code
from facade.pipeline.declared import RouteRules
from facade.pipeline.fallback import FallbackStage
from facade.pipeline.once import Once
from facade.pipeline.policy import Policy
from facade.pipeline.source import Policies
from facade.pipeline.stage import Stage
from facade.pipeline.table import PolicyTable
from facade.request import Request
from facade.responses.cache import CacheStage
from facade.responses.compress import CompressStage, Memory
from facade.responses.cors import CorsStage
from facade.responses.secure import SecureStage
from facade.responses.shared import Cache
from facade.responses.transform import TransformStage
from facade.responses.validate import HeaderLimit, ValidateStage

ENTRANCE: Final = "entrance-limit"
"""The name of stages that count over all routes together."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What outlives a table: it is handed to the next one."""

    tokens: Tokens
    keys: ApiKeys
    quota: KeyQuota
    terms: Terms
    cache: Cache
    compressed: Memory

    @classmethod
    def of(cls, issuer: KeySet, terms: Terms, cache: Cache, compressed: Memory) -> Self:
        """The parts around these; API keys come later."""
        keys = ApiKeys()
        return cls(Tokens(issuer), keys, KeyQuota(keys, terms), terms, cache, compressed)

    def take_keys(self, keys: Iterable[ApiKey]) -> None:
        """Put these API keys in force, and no others."""
        self.keys.replace(keys)
        self.quota.forget()


@dataclass(frozen=True, slots=True)
class Whole:
    """The limits of all routes together, of which each route has the same stages: before anybody knows who asks, and after."""

    unknown: tuple[Stage, ...] = ()
    known: tuple[Stage, ...] = ()

    @classmethod
    def of(cls, limits: Iterable[Limit], terms: Terms) -> Self:
        """The stages of these limits, which count what all routes send them."""
        kinds: tuple[list[Limit], list[Limit]] = ([], [])
        for limit in limits:
            kinds[limit.by is not By.IP].append(limit)
        made = (RateLimit(kind, "entrance", terms, label="entrance-", name=ENTRANCE) if kind else None for kind in kinds)
        unknown, known = ((stage,) if stage else () for stage in made)
        return cls(unknown, known)


_NOTHING = Whole()


class BodyLimit:
    """Refuses a body that says of itself that it is too large. One that does not say is counted while it is read."""

    name = "max-body"

    def __init__(self, most: int) -> None:
        self._most = most

    def before(self, request: Request) -> Awaitable[None] | None:
        """Raises the `Problem` 413."""
        length = request.inbound.length
        if length is not None and length > self._most:
            raise problems.body_beyond(self._most)
        if request.inbound.chunked:
            request.most = self._most
        return None

    def explain(self, request: Request) -> str:
        """What a body may have here."""
        length = request.inbound.length
        return f"{'none' if length is None else length} of at most {self._most} bytes"


def compiled(read: Policies, parts: Parts) -> PolicyTable:
    """The table of everything that is declared."""
    entrance = Whole.of(read.declared.entrance.limits, parts.terms)
    policies = [
        Policy.of(
            rules.path, rules.methods, _stages(rules, parts, read, entrance if rules.entrance else _NOTHING), rules.priority
        )
        for rules in read.declared.routes
    ]
    keeps = any(rules.cache is not None for rules in read.declared.routes)
    return PolicyTable.of(policies, parts.cache if keeps else None)


def _stages(rules: RouteRules, parts: Parts, read: Policies, entrance: Whole) -> tuple[Stage, ...]:
    """From the outermost to the one next to the upstream. Addresses are counted before credentials are checked, since checking is
    what costs; callers after it, since before it nobody knows them.
    """
    scope = rules.path + ",".join(sorted(rules.methods))
    stages: list[Stage] = []
    if rules.secure is not None:
        stages.append(SecureStage(rules.secure))
    if rules.cors is not None:
        stages.append(CorsStage(rules.cors))
    if rules.max_header is not None:
        stages.append(HeaderLimit(rules.max_header))
    stages.append(BodyLimit(rules.max_body))
    stages += entrance.unknown
    stages += _limits([limit for limit in rules.limits if limit.by is By.IP], scope, parts)
    if rules.authenticate is not Mode.NONE:
        stages += [Authenticate(rules.authenticate, parts.tokens, parts.keys), parts.quota]
    if rules.scopes.read or rules.scopes.write:
        stages.append(Authorise(rules.scopes.read, rules.scopes.write))
    stages += entrance.known
    stages += _limits([limit for limit in rules.limits if limit.by is not By.IP], scope, parts)
    if rules.contract is not None:
        stages.append(ValidateStage(rules.contract, read.documents[rules.contract.compiled_as]))
    if rules.idempotency_key:
        stages.append(Once(rules.path, below=rules.idempotency_key == "below"))
    if rules.compress is not None:
        stages.append(CompressStage(rules.compress, parts.compressed))
    if rules.fallback is not None:
        # Its answer is compressed, but not transformed: it is what clients are to see.
        stages.append(FallbackStage(rules.fallback, read.texts))
    if rules.transform is not None:
        stages.append(TransformStage(rules.transform))  # behind compression: it reads bodies
    if rules.cache is not None:
        stages.append(CacheStage(rules.cache, parts.cache, rescues=rules.cache_rescues, renews=rules.code is None))
    if rules.code is not None:
        stages.append(Code(*rules.code))
    return tuple(stages)


def _limits(limits: list[Limit], scope: str, parts: Parts) -> list[Stage]:
    return [RateLimit(limits, scope, parts.terms)] if limits else []
