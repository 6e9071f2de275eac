"""The values in force: all of them for machines, and what matters in words."""

import json

from facade import effective
from facade.pipeline.declared import declare
from facade.resilience.declared import Resilience, Timeouts
from facade.settings import Settings

RAW = {
    "entrance": {"limits": ["9/1m per key"]},
    "defaults": {"limits": ["6/1m per ip", "2/1s per key fail closed"]},
    "routes": [
        {
            "path": "/a", "authenticate": "required", "priority": "critical", "scopes": {"write": ["b", "a"]}, "max_header": 100,
            "cache": {"ttl": 60}, "secure": False, "compress": {}, "code": "tests.unit.facade.test_effective:answer",
            "cors": {"origins": ["https://x.example"]},
        }
    ],
}  # fmt: skip


def answer() -> None:
    """Named, not run."""


def test_machines_are_told_everything() -> None:
    """Also what was left out, as it holds; and it is JSON."""
    declared = declare(RAW)
    rules = next(rules for rules in declared.routes if rules.path == "/a")
    told = json.loads(json.dumps(effective.of_route(rules, declared.entrance)))
    assert told["entrance"] == ["9/1m per key"]
    assert told["limits"] == ["6/1m per ip", "2/1s per key fail closed"]
    assert told["scopes"] == {"read": [], "write": ["a", "b"]}
    assert (told["authenticate"], told["priority"], told["max_header"]) == ("required", "critical", 100)
    assert told["cache"]["ttl"] == 60
    assert told["cache"]["patience"] == 5
    assert (told["secure"], told["contract"]) == (None, None)
    assert told["code"] == "tests.unit.facade.test_effective:answer"


def test_people_are_told_what_matters() -> None:
    """Of a part only what differs from its defaults; nothing of a part that is off."""
    declared = declare(RAW)
    rules = next(rules for rules in declared.routes if rules.path == "/a")
    assert effective.in_words(rules, declared.entrance).splitlines() == [
        "authenticate required, priority critical, max_body 67108864, max_header 100",
        "limits 6/1m per ip, 2/1s per key fail closed",
        "with all routes 9/1m per key",
        "scopes.write a b",
        "cors origins https://x.example",
        "compress as by default",
        "cache ttl 60",
        "code tests.unit.facade.test_effective:answer",
    ]


def test_upstreams_are_told_with_their_times() -> None:
    """Protection as declared, and how long is waited."""
    told = effective.of_context(Resilience(timeouts=Timeouts(read=7)), Settings("http://m"))
    words = dict(effective.context_in_words(told))
    assert words["bulkhead"] == "most 1024, least 8, tolerated 0.05, waiting 4096, longest_wait 1"
    assert words["timeouts"] == "connect 1, read 7, replica 3, whole 600"
    assert words["repeats"] == "for 5"
    assert words["health"] == "off"
