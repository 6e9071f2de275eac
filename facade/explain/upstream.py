"""How the side that was decided on is asked, and what happens when it fails: admission, instances, times, protection, repeats,
the other side.
"""

from facade import decide
from facade.admission.priority import Priority
from facade.decide import Decision
from facade.explain.known import OUTSIDE, Known, Step
from facade.request import Request
from facade.resilience.declared import Resilience
from facade.resilience.guard import Guard
from facade.routes import Route
from facade.settings import Settings
from facade.upstreams import MONOLITH
from migrations_tools.phases import Owner


def asked(known: Known, request: Request, route: Route | None, decision: Decision, priority: Priority) -> list[Step]:
    """How the upstream is asked, and what happens when it fails."""
    context = route.context if route else OUTSIDE
    numbers = known.resilience.of(context)
    guard = known.guards.by_name.get((decision.side, context))
    return [
        Step("admission", _admitted(guard, numbers, priority)),
        Step("instances", _instances(known, context if decision.side is Owner.SERVICE else MONOLITH)),
        Step("timeouts", _timeouts(numbers, decision)),
        Step("guard", f"{guard.explain() if guard else 'nothing was asked yet'}; {_declared(numbers)}"),
        Step("repeats", _repeats(known.settings, request, numbers)),
        Step("mirror", _mirror(request, route, decision)),
        Step("shadow", _shadow(request, route, decision)),
    ]


def _admitted(guard: Guard | None, numbers: Resilience, priority: Priority) -> str:
    """By the door of who is asked; where nobody came to it yet, by what is declared."""
    if guard is not None:
        return f"{priority.name.lower()}: {guard.door.explain()}"
    door, waits = numbers.bulkhead, "all" if priority is Priority.CRITICAL else "four fifths"
    return (
        f"{priority.name.lower()}: waits when {waits} of what is known to be right is under way, "
        f"between {min(door.least, door.most)} and {door.most} requests at once"
    )


def _instances(known: Known, name: str) -> str:
    found = [one for one in known.upstreams.standing() if one.context == name]
    listed = ", ".join(f"{one.url} ({one.state}, {one.load} under way)" for one in found) or f"no address of {name} is known"
    chosen = "; of two that serve, drawn at random, the one with less to do" if len(found) > 1 else ""
    return f"{listed}{chosen}; {_left_alone(known.resilience.of(name))}"


def _left_alone(numbers: Resilience) -> str:
    ejection, health = numbers.ejection, numbers.health
    checked = (
        f"after {health.unhealthy_after} failed checks in a row (GET {health.path} every {health.interval:g} s, "
        f"answered within {health.timeout:g} s), until {health.healthy_after} pass"
        if health is not None
        else "nobody checks them"
    )
    return f"left alone for a while after {ejection.failures} failed requests in a row; {checked}"


def _timeouts(numbers: Resilience, decision: Decision) -> str:
    timeouts = numbers.timeouts
    silence = min(timeouts.read, timeouts.replica) if decision.replica else timeouts.read
    total, whole = numbers.deadline.total, f"{timeouts.whole:g} s" if timeouts.whole else "no limit"
    begins = f"{timeouts.connect:g} s for a connection, {silence:g} s for silence, {total:g} s until an answer begins"
    return f"{begins}, {whole} until it ends"


def _declared(numbers: Resilience) -> str:
    breaker, bulkhead, retries = numbers.breaker, numbers.bulkhead, numbers.retries
    slow = f" or {breaker.slow_rate:.0%} beyond {breaker.slow_seconds:g} s" if breaker.slow_seconds else ""
    return (
        f"declared: opens at {breaker.failure_rate:.0%} failures{slow} of {breaker.minimum} or more in {breaker.window:g} s, for "
        f"{breaker.open_seconds:g} to {breaker.longest_open:g} s; {bulkhead.most} places, {bulkhead.waiting} may wait "
        f"{bulkhead.longest_wait:g} s; repetitions {retries.share:.0%} and {retries.per_second:g}/s"
    )


def _repeats(settings: Settings, request: Request, numbers: Resilience) -> str:
    harmless = request.method in decide.IDEMPOTENT or request.once
    times = f"up to {decide.MAX_WORKED - 1} times, as the budget allows"
    also = f", and {times}, when its connection closed, or at another instance after 502, 503 or 504" if harmless else ""
    pauses = f"{numbers.backoff.first:g} s, growing to {numbers.backoff.longest:g} s"
    return f"for {settings.retry_deadline:g} s where nothing was executed{also}; pauses up to {pauses}"


def _mirror(request: Request, route: Route | None, decision: Decision) -> str:
    """Which side answers where this one fails."""
    if route is not None and decision.replica:
        return f"to the {route.authority}, when the replica fails"
    if route is not None and route.fallback and not request.mirror:
        return "none: the route's fallback does not name the monolith"
    if route is not None and route.fallback and request.method in route.read_methods:
        return f"to the {decide.OTHER[decision.side]} as a replica, when the {decision.side} fails and nothing is missed there"
    return "none: the other side may not answer this"


def _shadow(request: Request, route: Route | None, decision: Decision) -> str:
    if route is None or not route.shadow_percent or request.method != "GET" or decision.replica:
        return "not compared"
    return f"{route.shadow_percent:g} % of answers are compared with the {decide.OTHER[decision.side]}'s"
