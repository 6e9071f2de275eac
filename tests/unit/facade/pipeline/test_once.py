"""Where an Idempotency-Key is honoured, as it is declared."""

from typing import Any

import pytest

from facade.pipeline.declared import InvalidPolicies, declare
from facade.pipeline.once import Once
from tests.unit.facade.responses.asked import asked


@pytest.mark.parametrize(
    ("below", "path", "key", "once"),
    [
        (False, b"/orders", "k", True),
        (False, b"/orders/", "k", True),
        (False, b"/orders?a=b", "k", True),
        (False, b"/orders", None, False),
        (False, b"/orders/1/refunds", "k", False),
        (True, b"/orders/1/refunds", "k", True),
        (True, b"/orders/1/refunds", None, False),
    ],
)
def test_a_key_counts_where_it_is_honoured(below: bool, path: bytes, key: str | None, once: bool) -> None:
    """At the path itself, and below it only where that was said: there may be another upstream's code."""
    request: Any = asked("POST", path, **({} if key is None else {"idempotency_key": key}))
    stage = Once("/orders", below=below)
    stage.before(request)
    assert request.once is once
    assert stage.explain(request).startswith("may be sent again") is once


def test_what_may_be_declared() -> None:
    """Nowhere unless it is said; `true`, `"below"`, or `false` to take it back; nothing else."""
    raw = {
        "defaults": {},
        "routes": [{"path": f"/{n}", "idempotency_key": value} for n, value in enumerate((True, "below", False))],
    }
    assert [rules.idempotency_key for rules in declare(raw).routes] == [False, True, "below", False]
    with pytest.raises(InvalidPolicies):
        declare({"routes": [{"path": "/a", "idempotency_key": "yes"}]})
