"""What is looked up, not counted, when somebody asks for the metrics: the state of each part of a worker.

Labels are contexts, sides, states and what the policies' file names: it refuses anything that a caller chose.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from facade import balance
from facade.admission.door import Door
from facade.admission.priority import Priority
from facade.desk import Desk
from facade.exposition import labels
from facade.identity.quota import KeyQuota
from facade.limits.stage import RateLimit
from facade.metrics import Gauge
from facade.native import loader
from facade.pipeline.book import PolicyBook
from facade.pipeline.compile import ENTRANCE
from facade.pipeline.table import PolicyTable
from facade.resilience.breaker import State
from facade.resilience.guard import Guard, Guards
from facade.responses.shared import Cache
from facade.upstreams import Upstreams

_STATES = {State.CLOSED: "closed", State.HALF_OPEN: "half-open", State.OPEN: "open"}


def gauges(desk: Desk, policies: PolicyBook, cache: Cache, sharers: Callable[[], int]) -> list[Gauge]:
    """Of one worker. `sharers`: how many workers divide a limit among them."""
    upstreams, positions = desk.upstreams, desk.positions
    return [
        ("banyan_facade_compiled", "Whether machine code is run, not Python.", loader.compiled),
        ("banyan_facade_routes_version", "Version of the routes in force.", lambda: desk.book.feed.version),
        ("banyan_facade_lessons", "Contexts that a 421 showed to be ahead of the feed.", lambda: desk.book.lessons),
        ("banyan_facade_positions_trusted", "Whether reads may go to replicas.", lambda: positions.trusted),
        ("banyan_facade_policies_refused", "Whether the policies file, as it is, was refused.", lambda: policies.refused),
        ("banyan_facade_upstream_connections", "Open connections.", upstreams.open_connections),
        ("banyan_facade_requests_in_flight", "Exchanges under way.", upstreams.requests_in_flight),
        ("banyan_facade_limit_sharers", "Workers that divide a rate limit while Valkey cannot be asked.", sharers),
        ("banyan_facade_ejections_total", "Instances left alone, for failures in a row.", lambda: upstreams.ejections),
        ("banyan_facade_instances", "Instances by context and state.", lambda: _instances(upstreams)),
        (
            "banyan_facade_panic",
            "Whether all instances fail their checks, and are asked all the same.",
            lambda: {labels(context=context): panic for context, panic in upstreams.panics().items()},
        ),
        ("banyan_facade_lag_seconds", "The longest turn of the event loop, lately.", desk.guards.lag),
        *_of_doors(desk.guards),
        *_of_guards(desk.guards),
        *_of_limits(policies),
        ("banyan_facade_cache_total", "What the cache did.", lambda: _by(cache.counts, "what")),
        ("banyan_facade_cache_answers", "Answers that are kept.", lambda: len(cache.store)),
        ("banyan_facade_cache_bytes", "What they take.", lambda: cache.store.bytes),
    ]


def _instances(upstreams: Upstreams) -> dict[str, float]:
    found = Counter((one.context, one.state) for one in upstreams.standing())
    contexts = upstreams.panics()
    return {labels(context=context, state=state): found[context, state] for context in contexts for state in balance.State}


def _of_doors(guards: Guards) -> list[Gauge]:
    def each(number: Callable[[Door], float]) -> Callable[[], dict[str, float]]:
        return lambda: {_whose(name): number(guard.door) for name, guard in guards.by_name.items()}

    def by_priority(numbers: Callable[[Door], list[int]]) -> Callable[[], dict[str, float]]:
        return lambda: {
            f"{_whose(name)},{labels(priority=priority.name.lower())}": numbers(guard.door)[priority]
            for name, guard in guards.by_name.items()
            for priority in Priority
        }

    return [
        ("banyan_facade_concurrency", "Requests that an upstream works on.", each(lambda door: door.in_flight)),
        ("banyan_facade_concurrency_limit", "How many it may work on, as learnt.", each(lambda door: door.adaptive.limit)),
        ("banyan_facade_waiting", "Requests that wait for room.", each(lambda door: door.waiting)),
        ("banyan_facade_delayed_total", "Requests that had to wait.", by_priority(lambda door: door.delayed)),
        ("banyan_facade_shed_total", "Requests refused for want of room.", by_priority(lambda door: door.shed)),
    ]


def _of_guards(guards: Guards) -> list[Gauge]:
    def each(number: Callable[[Guard], float]) -> Callable[[], dict[str, float]]:
        return lambda: {_whose(name): number(guard) for name, guard in guards.by_name.items()}

    def by_state(number: Callable[[Guard, State], float]) -> Callable[[], dict[str, float]]:
        return lambda: {
            f'{_whose(name)},state="{word}"': number(guard, state)
            for name, guard in guards.by_name.items()
            for state, word in _STATES.items()
        }

    return [
        ("banyan_facade_breakers_open", "Sets of instances that are left alone now.", lambda: _open(guards)),
        ("banyan_facade_breaker", "Workers whose breaker is in this state.", by_state(lambda g, state: g.breaker.state is state)),
        (
            "banyan_facade_breaker_transitions_total",
            "How often a breaker entered this state.",
            by_state(lambda guard, state: guard.breaker.transitions[state]),
        ),
        (
            "banyan_facade_retry_budget_refused_total",
            "Repetitions that the budget did not allow.",
            each(lambda guard: guard.budget.refused),
        ),
    ]


def _of_limits(policies: PolicyBook) -> list[Gauge]:
    def each(what: str) -> Callable[[], dict[str, float]]:
        return lambda: {written: getattr(counted, what) for written, counted in _limits(policies.table)}

    return [
        ("banyan_facade_limit_asked_total", "Leases asked of Valkey.", each("asked")),
        ("banyan_facade_limit_alone_total", "Leases counted by the worker alone.", each("alone")),
        ("banyan_facade_limit_refused_total", "Requests beyond the limit.", each("refused")),
    ]


def _limits(table: PolicyTable) -> Iterator[tuple[str, object]]:
    """Each limit of each route, those of the entrance, which all routes share, and those of API keys together: what has `asked`,
    `alone` and `refused`.
    """
    for policy in table.policies:
        methods = " ".join(sorted(policy.methods)) or "all"
        for stage in policy.stages:
            if isinstance(stage, RateLimit):
                whole = stage.name == ENTRANCE
                where = {"route": "all", "methods": "all"} if whole else {"route": policy.path, "methods": methods}
                yield from ((labels(**where, limit=rule.name), rule) for rule in stage.rules)
            elif isinstance(stage, KeyQuota):
                yield labels(route="all", methods="all", limit="own"), stage.counts


def _whose(name: tuple[str, str]) -> str:
    side, context = name
    return labels(context=context, side=side)


def _by(counts: dict[str, int], label: str) -> dict[str, float]:
    return {labels(**{label: name}): count for name, count in counts.items()}


def _open(guards: Guards) -> int:
    return sum(guard.breaker.state is not State.CLOSED for guard in guards.by_name.values())
