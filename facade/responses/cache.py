"""A response cache shared by everybody that one worker serves (RFC 9111, 5861, 9211); see `freshness` for whom it serves what.

It refuses to give what one person was answered to another: an answer to a request with credentials is kept only where it says
`public` or `s-maxage`, and one that does not say so is never given to a request with credentials. An answer whose fetch was
overtaken by a purge, or by a write to the same path, is given but not kept. So is one of a replica, which may miss what others
wrote.
"""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import replace

from facade.problems import Problem
from facade.resilience import deadline
from facade.responses import asking, freshness, kept
from facade.responses.asking import Asking, Flight
from facade.responses.contract import Reply, Request
from facade.responses.declared import Cached
from facade.responses.freshness import Extra, Use
from facade.responses.shared import Cache
from facade.responses.store import Stored
from facade.strand import within

log = logging.getLogger(__name__)

_READS = frozenset({"GET", "HEAD"})
_NOT_CACHED = (504, "not-cached", "Not cached", "only a kept answer was asked for, and there is none that is fresh")


class CacheStage:
    """A route's share of the cache. It is the stage next to the upstream: last before, first after.

    `whole`: so many bytes of an answer must be there before `after` is asked; larger ones stream by. `rescues`: a stale answer
    may stand in for a failure, as its terms allow. `renews`: it may be given while the upstream is asked anew; where code
    answers, none can be asked.
    """

    name = "cache"
    event = "fallback_cache"

    def __init__(self, declared: Cached, cache: Cache, *, rescues: bool = True, renews: bool = True) -> None:
        self._rescues = rescues
        self._renews = renews
        self.whole = declared.largest
        self._declared = declared
        self._extra = Extra(declared.ttl, declared.stale_while_revalidate, declared.stale_if_error)
        self._cache = cache

    # ---- before the upstream is asked

    def before(self, request: Request) -> Awaitable[None] | None:
        """Answer from what is kept, or prepare the question. Raises `Problem` 504 where only a kept answer was wanted."""
        if request.method not in _READS:
            return None
        cache = self._cache
        ask = asking.read(request)
        if ask.passes_by:
            ask.why = b"bypass"
            cache.under_way[id(request)] = ask
            return None
        stored = self._find(ask)
        if stored is not None and self._give(ask, stored, request):
            return None
        if b"only-if-cached" in ask.directives:
            raise Problem(*_NOT_CACHED)
        flight = cache.flights.get(ask.key)
        if flight is not None and self._may_wait(ask, stored):
            return self._wait(request, ask, flight)
        self._forward(ask, stored, request, lead=flight is None)
        return None

    def explain(self, request: Request) -> str:
        """Whether a kept answer would be given, and why not."""
        if request.method not in _READS:
            return f"not looked up: {request.method} is no read; a successful answer makes what is kept of the path go"
        ask = asking.read(request)
        if ask.passes_by:
            return "passed by: the request's conditions or its no-store are for the upstream"
        stored = self._find(ask)
        if stored is None:
            return f"nothing to give: {ask.why.decode()}"
        age = self._cache.now() - stored.born
        decided = self._use(ask, stored, age).name.lower().replace("_", " ")
        return f"{decided}: kept for {age:.1f} s of {stored.terms.lifetime:g} s"

    def rehearse(self, request: Request) -> str | None:
        """What is kept is looked at, and nothing is counted, kept or asked. Raises as `before` does."""
        if request.method not in _READS:
            return None
        ask = asking.read(request)
        if ask.passes_by:
            return None
        stored = self._find(ask)
        if stored is not None and self._use(ask, stored, self._cache.now() - stored.born) is not Use.ASK:
            return f"{stored.status}, by what is kept"
        if b"only-if-cached" in ask.directives:
            raise Problem(*_NOT_CACHED)
        return None

    def _find(self, ask: Asking) -> Stored | None:
        store = self._cache.store
        vary = store.vary(ask.key)
        if vary is None:
            return None
        stored = store.get(ask.key, asking.varied(vary, ask.sent))
        if stored is None:
            ask.why = b"vary-miss"
        elif ask.credentials and not stored.terms.shared:
            ask.why = b"bypass"
            return None
        return stored

    def _use(self, ask: Asking, stored: Stored, age: float) -> Use:
        decided = freshness.use(age, stored.terms, ask.directives)
        return Use.ASK if decided is Use.GIVE_AND_ASK and not (self._renews and self._cache.refetch) else decided

    def _give(self, ask: Asking, stored: Stored, request: Request) -> bool:
        """Set the answer, if this one may be given."""
        cache = self._cache
        age = cache.now() - stored.born
        decided = self._use(ask, stored, age)
        if decided is Use.ASK:
            ask.why = b"request" if age < stored.terms.lifetime else b"stale"
            return False
        status = b"banyan; hit; ttl=%d" % (stored.terms.lifetime - age)
        if ask.collapsed:
            status = b"banyan; fwd=%b; collapsed" % ask.why
        request.reply = kept.answer(ask, stored, age, status)
        cache.counts["hit"] += 1
        if decided is Use.GIVE_AND_ASK:
            cache.counts["stale-while-revalidate"] += 1
            if ask.key not in cache.flights:
                self._ask_again(ask, stored, request)
        return True

    def _may_wait(self, ask: Asking, stored: Stored | None) -> bool:
        """Nobody waits whom the answer would not help: it may be another's, or older than what was asked for."""
        if b"no-cache" in ask.directives or b"max-age" in ask.directives or self._cache.passes(ask.key):
            return False
        return not ask.credentials or (stored is not None and stored.terms.shared)

    async def _wait(self, request: Request, ask: Asking, flight: Flight) -> None:
        """Until the fetch under way has brought an answer. Who waits in vain asks for itself; but where the one who fetched has
        left, one of those who waited does so for the others. Raises `Problem` 504 at the deadline.
        """
        loop = asyncio.get_running_loop()
        until = min(loop.time() + self._declared.patience, request.deadline)
        late = False
        stored: Stored | None = None
        awaited: Flight | None = flight
        while awaited is not None:
            try:
                await within(until - loop.time(), asyncio.shield(awaited.wait()))
            except TimeoutError:
                late = until == request.deadline
            stored = self._find(ask)
            ask.collapsed = True
            if stored is not None and self._give(ask, stored, request):
                return
            ask.collapsed = False
            if late:
                request.reply = self._stale(ask, stored, 504)
                if request.reply is None:
                    raise deadline.over("the same request was under way, and had no answer in time")
                return
            awaited = self._cache.flights.get(ask.key) if awaited.left and loop.time() < until else None
        self._forward(ask, stored, request, lead=ask.key not in self._cache.flights and not request.abandoned)

    def _forward(self, ask: Asking, stored: Stored | None, request: Request, *, lead: bool) -> None:
        """Prepare the question for the upstream: whole, or whether what is kept is still good."""
        cache = self._cache
        whole = request.method == "GET" and not ask.range
        cache.under_way[id(request)] = ask
        ask.since = cache.now()
        cache.begin(ask, lead=lead and whole and not cache.passes(ask.key) and self._may_wait(ask, stored))
        ask.stored = stored
        if not whole:
            return
        if ask.if_none_match or ask.if_modified_since:
            ask.stripped = True
            request.passed = asking.for_all_of_it(request.passed)
        if stored is not None and (lines := asking.validators(stored)):
            request.extra.append(lines)

    # ---- after it has answered

    def after(self, request: Request, reply: Reply) -> None:
        """Keep the answer, or freshen what is kept."""
        if request.method not in _READS:
            reply.fields = [pair for pair in reply.fields if pair[0] != b"surrogate-key"]
            return
        ask = self._cache.under_way.get(id(request))
        if ask is None or ask.settled:  # it was given from what is kept
            return
        if ask.passes_by or ask.range or request.method != "GET":
            kept.tell(reply, b"banyan; fwd=%b" % ask.why)
            return
        self._cache.counts[ask.why.decode()] += 1
        self._settle(ask, reply, request)

    def rescue(self, request: Request, status: int) -> Reply | None:
        """A stale answer in place of the failure to which asking the upstream came, where the terms allow it."""
        ask = self._cache.under_way.get(id(request))
        if ask is None or ask.settled:
            return None
        stale = self._stale(ask, ask.stored, status)
        ask.settled = stale is not None
        return stale

    def ended(self, request: Request) -> None:
        """The request is over, whichever way: to be called once for every request that `before` has seen."""
        ask = self._cache.under_way.pop(id(request), None)
        if ask is not None:
            ask.flight.left = request.abandoned and not ask.settled
            self._cache.end(ask)

    def _settle(self, ask: Asking, reply: Reply, request: Request) -> None:
        ask.settled = True
        old, status = ask.stored, reply.status
        told = b"banyan; fwd=%b; fwd-status=%d" % (ask.why, status)
        if status == 304 and old is not None and reply is not request.reply:  # code sees the client's conditions, not ours
            self._freshen(ask, old, reply, request, told)
        elif self._keep(ask, reply, request):
            self._finish(ask, reply, told + b"; stored")
        else:
            if not ask.credentials and not ask.flight.tainted and status < 500:
                self._cache.pass_by(ask.key, self._declared.pass_for)
            self._finish(ask, reply, told)
        self._cache.end(ask)  # now, and not when this client has taken all of it: nobody else waits for that

    def _keep(self, ask: Asking, reply: Reply, request: Request) -> bool:
        """Keep the answer, unless it must not be."""
        terms = freshness.terms(reply.status, reply.fields, self._extra, credentials=ask.credentials)
        body = reply.body
        if terms is None or body is None or len(body) > self.whole or ask.flight.tainted or request.replica:
            return False
        self._cache.keep(kept.stored(ask, reply, body=body, terms=terms, born=self._born(ask, reply)))
        return True

    def _freshen(self, ask: Asking, old: Stored, reply: Reply, request: Request, told: bytes) -> None:
        """Give what is kept with the fields of the 304 (RFC 9111, 4.3.4), and keep that unless its terms or a write forbid it."""
        cache = self._cache
        fields = kept.merged(old, reply)
        terms = freshness.terms(old.status, fields, self._extra, credentials=ask.credentials)
        born = self._born(ask, reply)
        fresh = kept.freshened(old, fields, terms, born) if terms is not None else None
        if fresh is None:
            cache.store.drop_key(old.key)
        elif not (ask.flight.tainted or request.replica):
            cache.keep(fresh)
        kept.become(reply, kept.answer(ask, replace(old, fields=tuple(fields)), cache.now() - born, told))

    def _finish(self, ask: Asking, reply: Reply, told: bytes) -> None:
        kept.tell(reply, told)
        if ask.stripped and reply.status == 200 and reply.body is not None:
            kept.condition(ask, reply)

    def _born(self, ask: Asking, reply: Reply) -> float:
        """The clock's time at which an answer's age was nought."""
        cache = self._cache
        return cache.now() - freshness.first_age(reply.fields, delay=cache.now() - ask.since, wall=cache.wall())

    def _stale(self, ask: Asking, stored: Stored | None, status: int) -> Reply | None:
        if stored is None or not self._rescues:
            return None
        age = self._cache.now() - stored.born
        if not freshness.after_error(age, stored.terms, status):
            return None
        self._cache.counts["stale-if-error"] += 1
        told = (ask.why, status, stored.terms.lifetime - age)
        return kept.answer(ask, stored, age, b"banyan; fwd=%b; fwd-status=%d; ttl=%d; detail=stale-if-error" % told)

    # ---- meanwhile

    def _ask_again(self, ask: Asking, stored: Stored, request: Request) -> None:
        again = Asking(ask.key, ask.paths, ask.sent, self._cache.now(), credentials=ask.credentials, stored=stored, why=b"stale")
        lines = asking.for_all_of_it(request.passed) + b"".join(request.extra) + asking.validators(stored)
        self._cache.begin(again, lead=True)
        self._cache.spawn(self._refresh(again, lines, request))

    async def _refresh(self, ask: Asking, lines: bytes, request: Request) -> None:
        """Renew a kept answer that was given stale. A failure leaves it, until it is too old to be given."""
        refetch = self._cache.refetch
        assert refetch is not None
        try:
            self._settle(ask, await refetch(request, lines), request)
        except Exception as error:  # noqa: BLE001 whatever it is, no request waits for it
            log.info("%s could not be asked again: %r", request.path, error)
        finally:
            self._cache.end(ask)
