"""Each decision for one request, in the order in which they are made.

It works on the parts of a running worker as on fresh ones: stages that would count, keep or ask are rehearsed. It refuses to stop
where a request would only wait.
"""

from collections.abc import AsyncIterator
from time import monotonic

from facade import cohort, decide
from facade.decide import Decision, Freshness
from facade.explain import upstream
from facade.explain.known import OUTSIDE, Known, Step
from facade.explain.question import Question, request_of
from facade.gateway import refuse_what_never_passes
from facade.http1.grammar import BadHead
from facade.pipeline.stage import Rehearser, Stage
from facade.problems import Problem
from facade.request import Request
from facade.resilience import deadline
from facade.responses.validate import Invalid
from facade.routes import ContextState, Route


async def explain(known: Known, question: Question) -> list[Step]:
    """Each decision, up to the one that ends the request."""
    told: list[Step] = []
    try:
        async for step in _steps(known, request_of(known.settings, question)):
            told.append(step)  # noqa: PERF401 what was told before a refusal stays told
    except BadHead as error:
        told.append(Step("parse", f"refused with {error.status}: {error}"))
    except Problem as problem:
        told.append(Step("answer", _refusal(problem)))
    return told


async def _steps(known: Known, request: Request) -> AsyncIterator[Step]:
    route = known.book.table.match(request.path)
    numbers = known.resilience.of(route.context if route else OUTSIDE)
    now = monotonic()
    request.deadline = deadline.until(numbers.deadline, request.inbound.timeout, now)
    left = f"{request.deadline - now:g} s until an answer begins"
    yield Step("deadline", f"{left}; a client may claim up to {numbers.deadline.most:g} s")
    try:
        refuse_what_never_passes(request)
    except Problem as problem:
        yield Step("never passes", f"refused with {problem.status}: {problem.detail}")
        return
    policy = known.policies.match(request.method, request.path)
    yield Step("policy", f"{policy.path} {' '.join(sorted(policy.methods)) or 'all methods'}")
    for stage in policy.stages:
        yield Step(stage.name, stage.explain(request))
        if (said := await _rehearsed(stage, request)) is not None:
            yield Step("answer", said)
            return
    decision, why = await _decided(known, request, route)
    yield Step("route", f"the {decision.side}{' as a replica' if decision.replica else ''}: {why}")
    for step in upstream.asked(known, request, route, decision, policy.priority):
        yield step
    yield Step("answer", f"by the {decision.side}")


async def _rehearsed(stage: Stage, request: Request) -> str | None:
    if isinstance(stage, Rehearser):
        return stage.rehearse(request)
    waiting = stage.before(request)  # looks at the request alone, and at its body, which is here
    if waiting is not None:
        await waiting
    return None if request.reply is None else f"{request.reply.status}, by {stage.name}"


async def _decided(known: Known, request: Request, route: Route | None) -> tuple[Decision, str]:
    """The side that is asked first, and why."""
    if route is None:
        return decide.MONOLITH, "no context claims this path"
    state = known.book.feed.contexts.get(route.context, ContextState())
    ahead = " (a 421 has shown it to be further than the feed)" if route.epoch > state.epoch else ""
    why = f"context {route.context}, phase {state.phase}{ahead}, epoch {route.epoch}, authority {route.authority}"
    if not route.read_below:
        return decide.authority(route), why
    if request.method not in route.read_methods:
        return decide.authority(route), f"{why}; {request.method} is no read that may go elsewhere"
    bucket = cohort.bucket(known.settings.cohort_key, route.context, request.cohort_id(route))
    whose = "a new browser is in bucket" if request.new_anonymous else "bucket"
    if not decide.is_candidate(route, request.method, bucket):
        return decide.authority(route), f"{why}; {whose} {bucket}, not below {route.read_below}"
    freshness = await _freshness(known, request, route)
    decision = decide.decide(route, request.method, bucket, freshness or Freshness.CAUGHT_UP)
    return decision, f"{why}; {whose} {bucket} of those below {route.read_below}, {_CAUGHT_UP[freshness]}"


_CAUGHT_UP = {
    None: "once it has caught up with the caller's last write",
    Freshness.CAUGHT_UP: "and the other side has the caller's last write",
    Freshness.BEHIND: "but the other side has not the caller's last write yet",
    Freshness.UNKNOWN: "but nobody can tell whether the other side has the caller's last write",
}


async def _freshness(known: Known, request: Request, route: Route) -> Freshness | None:
    """None where there is nobody to ask."""
    if not known.running:
        return None
    if request.new_anonymous and request.subject is None:
        return Freshness.CAUGHT_UP
    return await known.positions.freshness(route.context, request.who)


def _refusal(problem: Problem) -> str:
    said = f"{problem.status} {problem.title}: {problem.detail}"
    if isinstance(problem, Invalid):
        wrong = (f"{one.get('pointer', one.get('parameter', ''))} {one['detail']}".strip() for one in problem.errors)
        return f"{said} ({'; '.join(wrong)})"
    return said
