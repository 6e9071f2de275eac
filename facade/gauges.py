"""What is looked up, not counted, when the metrics are scraped."""

from collections.abc import Callable

from facade.exchange import Desk
from facade.metrics import Gauge
from facade.pipeline.book import PolicyBook
from facade.resilience.breaker import State


def gauges(desk: Desk, policies: PolicyBook, sharers: Callable[[], int]) -> list[Gauge]:
    """Of one worker. `sharers`: how many workers divide a limit among them."""
    upstreams, positions, admission = desk.upstreams, desk.positions, desk.admission
    return [
        ("banyan_facade_routes_version", "Version of the routes in force.", lambda: desk.book.feed.version),
        ("banyan_facade_lessons", "Contexts that a 421 showed to be ahead of the feed.", lambda: desk.book.lessons),
        ("banyan_facade_positions_trusted", "Whether reads may go to replicas.", lambda: positions.trusted),
        ("banyan_facade_policies_refused", "Whether the policies file, as it is, was refused.", lambda: policies.refused),
        ("banyan_facade_upstream_connections", "Open connections.", upstreams.open_connections),
        ("banyan_facade_requests_in_flight", "Exchanges under way.", upstreams.requests_in_flight),
        ("banyan_facade_limit_sharers", "Workers that divide a rate limit while Valkey cannot be asked.", sharers),
        ("banyan_facade_ejections", "Instances left alone so far, for failures in a row.", lambda: upstreams.ejections),
        (
            "banyan_facade_concurrency_limit",
            "Exchanges at once, as learnt.",
            lambda: admission.adaptive.limit,
        ),
        ("banyan_facade_waiting", "Requests that wait for room.", lambda: admission.waiting),
        ("banyan_facade_shed", "Requests refused for want of room.", lambda: admission.counts.shed),
        ("banyan_facade_breakers_open", "Sets of instances that are left alone now.", lambda: _open(desk)),
    ]


def _open(desk: Desk) -> int:
    return sum(guard.breaker.state is not State.CLOSED for guard in desk.guards.by_name.values())
