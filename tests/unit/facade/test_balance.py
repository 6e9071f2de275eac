"""Which instance is picked, and which are left alone."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from facade.balance import Balancer, Member, State
from facade.resilience.declared import Ejection, Health

NUMBERS = Ejection(failures=3, seconds=2.0, longest=5.0, share=0.5)
CHECKS = Health(unhealthy_after=3, healthy_after=2)


def members(count: int, loads: dict[int, int] | None = None) -> list[Member]:
    given = loads or {}
    return [Member(f"http://{number}", lambda number=number: given.get(number, 0)) for number in range(count)]  # type: ignore[misc]


def balancer(these: list[Member], now: float = 0.0) -> Balancer:
    made = Balancer(NUMBERS, CHECKS)
    made.keep(these, now)
    return made


def check(over: Balancer, member: Member, *results: bool, now: float = 0.0) -> bool:
    """Whether the last of these checks changed what is known of the instance."""
    return [over.check(member, result, now) for result in results][-1]


def fail(over: Balancer, member: Member, now: float, times: int = 3) -> None:
    for _ in range(times):
        over.record(member, False, now)


def picked(over: Balancer, now: float, draws: int = 200) -> set[str]:
    draw = random.Random(7).random
    return {member.url for _ in range(draws) if (member := over.pick(now, draw)) is not None}


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8), st.integers(0, 2**32))
def test_less_loaded_of_two_different_ones_is_picked(loads: list[int], seed: int) -> None:
    """Never the one with most to do, unless another has as much; and every pair is drawn."""
    these = members(len(loads), dict(enumerate(loads)))
    over = balancer(these)
    chance = random.Random(seed)
    drawn: list[float] = []

    def draw() -> float:
        drawn.append(chance.random())
        return drawn[-1]

    member = over.pick(0.0, draw)
    assert member is not None
    assert len(drawn) == 2
    if loads.count(max(loads)) == 1:
        assert member.load() < max(loads)


def test_every_instance_is_drawn_alike() -> None:
    """With equal loads the picks spread evenly: neither draw prefers a place in the list."""
    over, draw = balancer(members(5)), random.Random(3).random
    counts = Counter(over.pick(0.0, draw).url for _ in range(10_000))  # type: ignore[union-attr]
    assert len(counts) == 5
    assert min(counts.values()) > 1700


def test_failures_in_a_row_eject_and_success_between_them_does_not() -> None:
    """The third failure in a row counts; an answer in between begins a new row."""
    these = members(3)
    over = balancer(these)
    fail(over, these[0], 0.0, 2)
    over.record(these[0], True, 0.0)
    fail(over, these[0], 0.0, 2)
    assert picked(over, 0.0) == {"http://0", "http://1", "http://2"}
    assert over.record(these[0], False, 0.0)
    assert picked(over, 0.1) == picked(over, 1.9) == {"http://1", "http://2"}
    assert picked(over, 2.0) == {"http://0", "http://1", "http://2"}


def test_ejections_grow_and_good_conduct_makes_up_for_them() -> None:
    """Each ejection is longer than the one before, up to a limit; a while without failures counts them down."""
    these = members(2)
    over = balancer(these)
    now = 0.0
    for expected in (2.0, 4.0, 5.0, 5.0):
        fail(over, these[0], now)
        assert these[0].ejected_until == now + expected
        now += expected
    now += 2.0 * 10
    fail(over, these[0], now)
    assert these[0].ejected_until == now + 2.0


def test_instance_that_drains_gets_nothing_new() -> None:
    """Not even when it is the last one; it serves again when it says so."""
    these = members(2)
    these[0].draining = True
    over = balancer(these)
    assert picked(over, 0.0) == {"http://1"}
    these[1].draining = True
    over.keep(these, 0.0)
    assert over.pick(0.0, random.random) is None
    these[1].draining = False
    over.keep(these, 0.0)
    assert picked(over, 0.0) == {"http://1"}


def test_last_that_serves_is_asked_though_it_was_ejected() -> None:
    """When the others begin to drain, or go, somebody must be asked."""
    these = members(2)
    over = balancer(these)
    fail(over, these[0], 0.0)
    these[1].draining = True
    over.keep(these, 0.5)
    assert picked(over, 0.5) == {"http://0"}


def test_failed_one_is_avoided_where_there_is_another() -> None:
    """A repetition goes elsewhere, unless there is no elsewhere."""
    these = members(2)
    over = balancer(these)
    assert {over.pick(0.0, random.random, these[0]) for _ in range(20)} == {these[1]}
    over.keep(these[:1], 0.0)
    assert over.pick(0.0, random.random, these[0]) is these[0]


def test_failed_checks_in_a_row_leave_an_instance_alone_and_good_ones_bring_it_back() -> None:
    """Three failed ones; one that passes between them begins a new row. Then two good ones, with nothing failed between them."""
    these = members(3)
    over = balancer(these)
    assert not check(over, these[0], False, False, True, False, False)
    assert picked(over, 0.0) == {"http://0", "http://1", "http://2"}
    assert check(over, these[0], False)
    assert (these[0].state(0.0), picked(over, 9.0)) == (State.UNHEALTHY, {"http://1", "http://2"})
    assert not check(over, these[0], True, False, True)
    assert picked(over, 9.0) == {"http://1", "http://2"}
    assert check(over, these[0], True)
    assert (these[0].state(0.0), picked(over, 9.0)) == (State.SERVING, {"http://0", "http://1", "http://2"})


def test_checks_may_leave_all_but_one_alone_and_never_all() -> None:
    """They say of each instance by itself that it cannot serve; where all fail them, it is they that are not believed."""
    these = members(3)
    over = balancer(these)
    for member in these[:2]:
        check(over, member, False, False, False)
    assert (over.panic, picked(over, 0.0)) == (False, {"http://2"})
    check(over, these[2], False, False, False)
    assert (over.panic, picked(over, 0.0)) == (True, {"http://0", "http://1", "http://2"})
    check(over, these[1], True, True)
    assert (over.panic, picked(over, 0.0)) == (False, {"http://1"})
    over.keep(these[::2], 0.0)
    assert (over.panic, picked(over, 0.0)) == (True, {"http://0", "http://2"})


def test_last_one_that_passes_its_checks_is_not_ejected() -> None:
    """Failed requests count as long as there is another to be asked, and in a panic as well."""
    these = members(3)
    over = balancer(these)
    fail(over, these[0], 0.0)
    check(over, these[1], False, False, False)
    assert picked(over, 0.0) == {"http://2"}
    check(over, these[2], False, False, False)
    assert picked(over, 0.0) == {"http://0"}
    check(over, these[0], False, False, False)
    assert picked(over, 0.0) == {"http://0", "http://1", "http://2"}
    fail(over, these[0], 0.0)
    assert picked(over, 0.0) == {"http://1", "http://2"}


def test_recovery_by_checks_ends_an_ejection_and_passing_them_all_along_does_not() -> None:
    """What failed before may have been another process; an instance that only says that it is well stays left alone."""
    these = members(2)
    over = balancer(these)
    fail(over, these[0], 0.0)
    check(over, these[0], True, True, True)
    assert these[0].state(0.0) is State.EJECTED
    check(over, these[0], False, False, False)
    assert these[0].state(0.0) is State.UNHEALTHY
    check(over, these[0], True, True)
    assert these[0].state(0.0) is State.SERVING
    fail(over, these[0], 0.0, 2)
    assert picked(over, 0.0) == {"http://0", "http://1"}


def test_an_instance_that_drains_is_neither_unhealthy_nor_ejected() -> None:
    """Its own word counts first; what is known otherwise shows when it serves again."""
    these = members(3)
    over = balancer(these)
    check(over, these[0], False, False, False)
    these[0].draining = True
    over.keep(these, 0.0)
    assert these[0].state(0.0) is State.DRAINING
    these[0].draining = False
    over.keep(these, 0.0)
    assert (these[0].state(0.0), picked(over, 0.0)) == (State.UNHEALTHY, {"http://1", "http://2"})


def test_numbers_may_change_and_checks_be_called_off() -> None:
    """Without checks nobody fails them, and the result of one that was under way is not counted; a record of failures stays."""
    these = members(3)
    over = balancer(these)
    fail(over, these[0], 0.0)
    check(over, these[1], False, False, False)
    over.declare(NUMBERS, None, 0.0)
    assert not check(over, these[1], False, False, False)
    assert picked(over, 0.0) == {"http://1", "http://2"}
    over.declare(NUMBERS, Health(unhealthy_after=1), 0.0)
    assert check(over, these[1], False)
    over.declare(Ejection(share=0.0), None, 0.0)
    assert picked(over, 0.0) == {"http://0", "http://1", "http://2"}


@settings(deadline=None)
@given(
    count=st.integers(1, 7),
    share=st.floats(0, 1),
    events=st.lists(
        st.tuples(st.integers(0, 6), st.sampled_from(["fail", "ok", "sick", "well", "drain", "serve", "go", "wait"])), max_size=80
    ),
)
def test_never_too_many_are_left_alone(count: int, share: float, events: list[tuple[int, str]]) -> None:
    """Whatever fails, drains or goes: at most the declared share is ejected, and whoever is left to be asked is picked."""
    over = Balancer(Ejection(failures=1, seconds=2.0, longest=8.0, share=share), Health(unhealthy_after=1, healthy_after=1))
    these, now = members(count), 0.0
    over.keep(these, now)
    for number, event in events:
        member = these[number % len(these)]
        if event in ("fail", "ok"):
            over.record(member, event == "ok", now)
        elif event in ("sick", "well"):
            over.check(member, event == "well", now)
        elif event in ("drain", "serve"):
            member.draining = event == "drain"
            over.keep(these, now)
        elif event == "go" and len(these) > 1:
            these.remove(member)
            over.keep(these, now)
        else:
            now += 0.7
        ejected = [one for one in these if one.state(now) == "ejected"]
        assert len(ejected) <= share * len(these)
        choice = over.pick(now, random.random)
        if all(one.draining for one in these):
            assert choice is None
        else:
            assert choice in these
            states = {one.state(now) for one in these}
            assert choice.state(now) is (State.SERVING if State.SERVING in states else State.UNHEALTHY)
            assert over.panic is states.isdisjoint({State.SERVING, State.EJECTED})
