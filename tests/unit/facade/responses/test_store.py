"""The store keeps its bounds and its books, whatever is put in and taken out."""

from hypothesis import given, settings
from hypothesis import strategies as st

from facade.responses.freshness import Terms
from facade.responses.store import Store, Stored

ROOM, MOST = 12_000, 6
TERMS = Terms(1.0, 0.0, 0.0, shared=False)
FILED = st.sampled_from([(), ("/x",), ("/a/1", "/x")])
PATHS = ("/a", "/a/1", "/ab", "/b")
TAGS = (b"t", b"u")


def made(
    path: str, query: int, vary: tuple[bytes, ...], value: bytes, size: int, tags: frozenset[bytes], also: tuple[str, ...] = ()
) -> Stored:
    key = (b"http", b"h", f"{path}?{query}".encode())
    paths = (path, *(other for other in also if other != path))
    return Stored(key, paths, vary, (value,) * len(vary), 200, (), b"x" * size, tags, TERMS, 0.0)


PUT = st.builds(
    made, st.sampled_from(PATHS), st.integers(0, 2), st.sampled_from([(), (b"x",), (b"x", b"y")]), st.sampled_from([b"1", b"2"]),
    st.sampled_from([0, 500, 5000, 20_000]), st.frozensets(st.sampled_from(TAGS)), FILED,
)  # fmt: skip
DROP = st.sampled_from([("path", "/a"), ("prefix", "/a"), ("prefix", "/"), ("tag", b"t"), ("get", "")])


@settings(max_examples=300)
@given(st.lists(PUT | DROP, max_size=40))
def test_bounds_and_books(steps: list[Stored | tuple[str, object]]) -> None:
    """Bytes and number stay within bounds and are counted right; what was dropped is not found; no index outlives its answers."""
    store = Store(ROOM, MOST)
    for step in steps:
        if isinstance(step, Stored):
            store.put(step)
            found = store.get(step.key, step.values)
            assert found is (step if step.size <= ROOM else None)
        elif step[0] == "path":
            store.drop_path(str(step[1]))
            assert not any(step[1] in stored.paths for stored in store._used.values())
        elif step[0] == "prefix":
            store.drop_prefix(str(step[1]))
            left = {path for stored in store._used.values() for path in stored.paths}
            assert left <= ({"/ab", "/b", "/x"} if step[1] == "/a" else set())
        elif step[0] == "tag":
            store.drop_tags([b"t"])
            assert not any(b"t" in stored.tags for stored in store._used.values())
        assert store.bytes == sum(stored.size for stored in store._used.values()) <= ROOM
        assert len(store) <= MOST
        for (key, values), stored in store._used.items():
            assert store.vary(key) == stored.vary
            assert len(values) == len(stored.vary)
    store.clear()
    assert (len(store), store.bytes) == (0, 0)
    assert not (store._vary)
    assert not (store._variants)
    assert not (store._paths)
    assert not (store._tags)


def test_the_least_recently_used_goes_first() -> None:
    """Being found is being used."""
    store = Store(1 << 20, 2)
    first, second, third = (made(path, 0, (), b"", 1, frozenset()) for path in PATHS[:3])
    store.put(first)
    store.put(second)
    store.get(first.key, ())
    store.put(third)
    assert store.get(second.key, ()) is None
    assert store.get(first.key, ()) is first
