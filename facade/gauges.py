"""What is looked up, not counted, when the metrics are scraped."""

from collections import Counter
from collections.abc import Callable

from facade import balance
from facade.admission.door import Door
from facade.admission.priority import Priority
from facade.desk import Desk
from facade.metrics import Gauge
from facade.native import loader
from facade.pipeline.book import PolicyBook
from facade.resilience.breaker import State
from facade.upstreams import Upstreams


def gauges(desk: Desk, policies: PolicyBook, sharers: Callable[[], int]) -> list[Gauge]:
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
        ("banyan_facade_ejections", "Instances left alone so far, for failures in a row.", lambda: upstreams.ejections),
        ("banyan_facade_instances", "Instances by context and state.", lambda: _instances(upstreams)),
        (
            "banyan_facade_panic",
            "Whether all instances fail their checks, and are asked all the same.",
            lambda: _panics(upstreams),
        ),
        ("banyan_facade_concurrency", "Requests that an upstream works on.", lambda: _doors(desk, lambda door: door.in_flight)),
        (
            "banyan_facade_concurrency_limit",
            "How many it may work on, as learnt.",
            lambda: _doors(desk, lambda door: door.adaptive.limit),
        ),
        ("banyan_facade_waiting", "Requests that wait for room.", lambda: _doors(desk, lambda door: door.waiting)),
        ("banyan_facade_delayed", "Requests that had to wait so far.", lambda: _by_priority(desk, lambda door: door.delayed)),
        ("banyan_facade_shed", "Requests refused for want of room so far.", lambda: _by_priority(desk, lambda door: door.shed)),
        ("banyan_facade_lag_seconds", "The longest turn of the event loop, lately.", desk.guards.lag),
        ("banyan_facade_breakers_open", "Sets of instances that are left alone now.", lambda: _open(desk)),
    ]


def _instances(upstreams: Upstreams) -> dict[str, float]:
    found = Counter((one.context, one.state) for one in upstreams.standing())
    contexts = upstreams.panics()
    return {f'context="{context}",state="{state}"': found[context, state] for context in contexts for state in balance.State}


def _panics(upstreams: Upstreams) -> dict[str, float]:
    return {f'context="{context}"': panic for context, panic in upstreams.panics().items()}


def _doors(desk: Desk, number: Callable[[Door], float]) -> dict[str, float]:
    """A number of each upstream's door, by its labels."""
    return {
        f'context="{context}",side="{side.value}"': number(guard.door) for (side, context), guard in desk.guards.by_name.items()
    }


def _by_priority(desk: Desk, numbers: Callable[[Door], list[int]]) -> dict[str, float]:
    return {
        f'context="{context}",side="{side.value}",priority="{priority.name.lower()}"': numbers(guard.door)[priority]
        for (side, context), guard in desk.guards.by_name.items()
        for priority in Priority
    }


def _open(desk: Desk) -> int:
    return sum(guard.breaker.state is not State.CLOSED for guard in desk.guards.by_name.values())
