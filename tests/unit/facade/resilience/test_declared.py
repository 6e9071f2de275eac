"""The declaration: defaults, and errors all at once."""

from typing import Any

import pytest

from facade.resilience.declared import Breaker, Bulkhead, Declaration, Health, InvalidResilience, Resilience, Timeouts


def test_what_is_left_out_has_its_default() -> None:
    """An empty declaration is a whole one; whole numbers stand for seconds as well."""
    assert Resilience.parse({}) == Resilience()
    parsed = Resilience.parse({"breaker": {"minimum": 5, "window": 30}, "bulkhead": {}})
    assert parsed == Resilience(breaker=Breaker(minimum=5, window=30))


def test_all_errors_are_told_at_once() -> None:
    """Whoever mends a declaration mends it once."""
    raw: dict[str, Any] = {
        "breakers": {},
        "retries": 3,
        "breaker": {"minimum": 0, "failure_rate": 1.5, "window": "10", "volume": 3},
        "backoff": {"first": 2.0, "longest": 1.0},
        "bulkhead": {"most": 1.5, "waiting": True, "longest_wait": float("nan")},
        "deadline": {"total": float("inf")},
        "timeouts": {"connect": 0, "write": 1},
        "ejection": False,
        "health": {"path": "readyz", "interval": 0.01, "healthy_after": 0},
    }
    with pytest.raises(InvalidResilience) as refused:
        Resilience.parse(raw)
    assert refused.value.errors == (
        "backoff: longest is less than first",
        "breaker.failure_rate: is 1.5, which is not within 0.001 and 1",
        "breaker.minimum: is 0, which is not 1 or a finite more",
        "breaker.volume: there is no such entry",
        "breaker.window: is '10', which is no number",
        "breakers: there is no such table",
        "bulkhead.longest_wait: is nan, which is not 0 or a finite more",
        "bulkhead.most: is 1.5, which is no whole number",
        "bulkhead.waiting: is True, which is no whole number",
        "deadline.total: is inf, which is not 0.001 or a finite more",
        "ejection: is False, which is no table",
        "health.healthy_after: is 0, which is not 1 or a finite more",
        "health.interval: is 0.01, which is not 0.1 or a finite more",
        "health.path: is 'readyz', which is no path",
        "retries: is 3, which is no table",
        "timeouts.connect: is 0, which is not 0.01 or a finite more",
        "timeouts.write: there is no such entry",
    )


def test_context_has_the_default_s_numbers_where_it_says_nothing() -> None:
    """Entry by entry, not table by table; a context that is not named has them all."""
    raw = {"default": {"breaker": {"minimum": 5, "window": 30.0}}, "users": {"breaker": {"minimum": 7}, "bulkhead": {"most": 1}}}
    parsed = Declaration.parse(raw)
    assert parsed.of("users") == Resilience(breaker=Breaker(minimum=7, window=30.0), bulkhead=Bulkhead(most=1))
    assert parsed.of("orders") == parsed.default == Resilience(breaker=Breaker(minimum=5, window=30.0))
    assert Declaration.parse({}) == Declaration()


def test_checks_are_off_unless_they_are_declared_and_false_takes_them_back() -> None:
    """An empty table declares them; a context may have others than the default, or none."""
    raw = {"default": {"health": {}}, "users": {"health": {"path": "/up?deep"}}, "orders": {"health": False}, "catalog": {}}
    parsed = Declaration.parse(raw)
    assert [parsed.of(name).health for name in ("default", "users", "orders", "catalog")] == [
        Health(), Health(path="/up?deep"), None, Health(),
    ]  # fmt: skip
    assert Resilience.parse({}).health is None


@pytest.mark.parametrize("path", ["", "readyz", "/a b", "/a#b", "/\r\nx: y", "/é", 3, True, ["/"]])
def test_what_is_no_target_of_a_request_is_no_path(path: Any) -> None:
    """It would be sent as it is."""
    with pytest.raises(InvalidResilience, match="which is no path"):
        Resilience.parse({"health": {"path": path}})


def test_paths_that_no_context_claims_have_the_monolith_s_numbers() -> None:
    """They are named "-" inside, which nobody would think of in a file."""
    parsed = Declaration.parse({"default": {"bulkhead": {"most": 2}}, "monolith": {"timeouts": {"read": 5}}})
    assert parsed.of("-") == parsed.of("monolith") == Resilience(bulkhead=Bulkhead(most=2), timeouts=Timeouts(read=5))
    assert Declaration.parse({}).of("-") == Resilience()


def test_errors_of_all_contexts_are_told_once() -> None:
    """An error of the default is not repeated for each context that would inherit it."""
    raw: dict[str, Any] = {"users": {"breaker": {"minimum": 0}}, "default": {"breaker": {"window": 0}}, "orders": 3}
    with pytest.raises(InvalidResilience) as refused:
        Declaration.parse(raw)
    assert refused.value.errors == (
        "default.breaker.window: is 0, which is not 0.1 or a finite more",
        "users.breaker.minimum: is 0, which is not 1 or a finite more",
        "orders: is 3, which is no table",
    )
