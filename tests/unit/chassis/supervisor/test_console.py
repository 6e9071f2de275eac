"""Events read well, for people and for programs."""

import io
import json

from chassis.supervisor import Event
from chassis.supervisor.console import people, programs


def test_prefixes_are_aligned() -> None:
    """Every line begins with its program's name, padded to the longest; no colours where nobody sees them."""
    out = io.StringIO()
    report = people(out, ["monolith", "relay"])
    report(Event("output", "relay", 7, text="hello"))
    report(Event("crashed", "monolith", 8, code=-9, restart_in=0.2))
    assert out.getvalue().splitlines() == [
        "relay    | hello",
        "monolith | * crashed (killed by signal 9); starts again in 0.2 s",
    ]


def test_programs_get_one_json_object_a_line() -> None:
    """Members that say nothing are left out; a line end in the text stays inside its object."""
    out = io.StringIO()
    programs(out)(Event("output", "relay", 7, text="two\nlines", at=1.5))
    (line,) = out.getvalue().splitlines()
    assert json.loads(line) == {"event": "output", "name": "relay", "pid": 7, "text": "two\nlines", "at": 1.5}
