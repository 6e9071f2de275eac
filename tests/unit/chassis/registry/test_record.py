"""What instances write about themselves can be read again, and nothing else is taken for it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.registry.record import Instance, InvalidRecord, State

_INSTANCES = st.builds(
    Instance,
    id=st.text(min_size=1),
    context=st.text(),
    url=st.just("http://h:1"),
    started=st.floats(0, 1e10),
    version=st.text(),
    state=st.sampled_from(State),
)


@given(_INSTANCES)
def test_record_is_read_as_it_is_written(one: Instance) -> None:
    """Writing and reading agree."""
    assert Instance.decode(one.encode()) == one


def test_newer_instances_may_write_more() -> None:
    """A field that is not known yet does not hide an instance during a rolling upgrade."""
    one = Instance("a", "users", "http://h:1", 1.0)
    assert Instance.decode(json.dumps(json.loads(one.encode()) | {"zone": "b"})) == one


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "1", b"\xff", '{"id": "a"}'])
def test_nonsense_is_refused(text: str | bytes) -> None:
    """Whatever else lies under the key raises one kind of error."""
    with pytest.raises(InvalidRecord):
        Instance.decode(text)


@pytest.mark.parametrize("field", [{"state": "gone"}, {"started": "soon"}, {"started": None}])
def test_unknown_state_is_refused(field: dict[str, object]) -> None:
    """Nobody guesses whether an instance wants requests."""
    raw = json.loads(Instance("a", "users", "http://h:1", 1.0).encode())
    with pytest.raises(InvalidRecord):
        Instance.decode(json.dumps(raw | field))
