"""The breaker's states: what opens it, what it lets through, what closes it again."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from facade.resilience import declared
from facade.resilience.breaker import Breaker, State
from tests.unit.facade.resilience.clock import Clock

NUMBERS = declared.Breaker(minimum=10, failure_rate=0.5, open_seconds=1.0, longest_open=4.0, probes=2)


def failing(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.record(False, breaker.allow())


def opened(numbers: declared.Breaker = NUMBERS) -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(numbers, clock)
    failing(breaker, numbers.minimum)
    assert breaker.state is State.OPEN
    return breaker, clock


def test_it_is_hoped_for_once() -> None:
    """It opened for the first time, or its first trial is under way, however long. A trial that fails ends that."""
    breaker, clock = opened()
    assert breaker.hopeful()
    clock.now += NUMBERS.open_seconds
    ticket = breaker.allow()
    clock.now += NUMBERS.open_seconds
    assert breaker.hopeful()
    breaker.record(False, ticket)
    assert breaker.state is State.OPEN
    assert not breaker.hopeful()


def test_a_later_trial_is_hoped_for_as_long_as_the_first_opening_lasts() -> None:
    """Who comes while the upstream is tried once more is not sent away for the sake of those who came before him; when the trial
    hangs, he is.
    """
    breaker, clock = opened()
    clock.now += NUMBERS.open_seconds
    breaker.record(False, breaker.allow())
    clock.now += 2 * NUMBERS.open_seconds
    assert [bool(breaker.allow()) for _ in range(3)] == [True, True, False]
    clock.now += NUMBERS.open_seconds - 0.01
    assert breaker.hopeful()
    clock.now += 0.02
    assert not breaker.hopeful()


def test_a_hint_is_believed_again_once_a_trial_of_its_own_has_failed() -> None:
    """Who fails beside others that come and go is not tried whenever one of them comes."""
    breaker, clock = opened()
    for _ in range(2):
        breaker.try_now()
        breaker.record(False, breaker.allow())
        for _ in range(3):
            breaker.try_now()
            assert not breaker.allow()
        clock.now += NUMBERS.longest_open
        breaker.record(False, breaker.allow())
        assert not breaker.allow()
    breaker.try_now()
    for _ in range(NUMBERS.probes):
        breaker.record(True, breaker.allow())
    assert breaker.state is State.CLOSED


def test_few_failures_prove_nothing() -> None:
    """Below the minimum volume it stays closed, whatever the rate."""
    breaker = Breaker(NUMBERS, Clock())
    failing(breaker, 9)
    assert breaker.state is State.CLOSED
    failing(breaker, 1)
    assert breaker.state is State.OPEN
    assert not breaker.allow()


def test_rate_opens_and_old_failures_do_not_count() -> None:
    """Failures that are out of the window are forgotten; half of those within it open."""
    clock = Clock()
    breaker = Breaker(NUMBERS, clock)
    failing(breaker, 9)
    clock.now += 11
    for _ in range(6):
        breaker.record(True, breaker.allow())
    failing(breaker, 5)
    assert breaker.state is State.CLOSED
    failing(breaker, 1)
    assert breaker.state is State.OPEN


def test_slow_answers_open_it_where_that_is_declared() -> None:
    """An upstream that answers everything, but too late, is in trouble as well; by default nothing is too slow."""
    patient, strict = Breaker(NUMBERS, Clock()), Breaker(replace(NUMBERS, slow_seconds=0.5, slow_rate=0.6), Clock())
    for breaker in (patient, strict):
        for number in range(10):
            breaker.record(True, breaker.allow(), 0.1 if number < 4 else 2.0)
    assert (patient.state, strict.state) == (State.CLOSED, State.OPEN)


def test_probes_are_bounded_and_close_it() -> None:
    """After its time it lets exactly so many through; when all succeed it forgets the past."""
    breaker, clock = opened()
    clock.now += 0.99
    assert not breaker.allow()
    assert 0 < breaker.opens_in() < 0.02
    clock.now += 0.02
    tickets = [breaker.allow() for _ in range(5)]
    assert [bool(ticket) for ticket in tickets] == [True, True, False, False, False]
    assert breaker.state is State.HALF_OPEN
    breaker.record(True, tickets[0])
    assert breaker.state is State.HALF_OPEN
    breaker.record(True, tickets[1])
    assert breaker.state is State.CLOSED
    failing(breaker, 9)
    assert breaker.state is State.CLOSED
    assert breaker.transitions == {State.OPEN: 1, State.HALF_OPEN: 1, State.CLOSED: 1}


def test_failed_probe_opens_it_for_twice_as_long() -> None:
    """The open time doubles with each failed trial up to its limit, and starts anew once it was closed."""
    breaker, clock = opened()
    for expected in (2.0, 4.0, 4.0):
        clock.now += breaker.opens_in()
        breaker.record(False, breaker.allow())
        assert breaker.opens_in() == expected
    clock.now += 4
    for ticket in (breaker.allow(), breaker.allow()):
        breaker.record(True, ticket)
    failing(breaker, 10)
    assert breaker.opens_in() == 1.0


def test_results_of_an_earlier_state_change_nothing() -> None:
    """Requests that were admitted before it opened end while it is half open: they are no probes."""
    clock = Clock()
    breaker = Breaker(NUMBERS, clock)
    old = breaker.allow()
    failing(breaker, 10)
    breaker.record(False, old)
    clock.now += 1
    probe = breaker.allow()
    breaker.record(False, old)
    breaker.record(True, old)
    assert breaker.state is State.HALF_OPEN
    for ticket in (probe, breaker.allow()):
        breaker.record(True, ticket)
    breaker.record(False, probe)
    assert breaker.state is State.CLOSED


def test_probe_without_a_result_is_sent_again() -> None:
    """A client that leaves takes no probe with it; one that is lost altogether is replaced after a while."""
    breaker, clock = opened()
    clock.now += 1
    first, second = breaker.allow(), breaker.allow()
    assert not breaker.allow()
    breaker.forget(first)
    third = breaker.allow()
    assert third
    breaker.record(True, second)
    clock.now += NUMBERS.longest_open
    replaced = breaker.allow()
    assert replaced
    assert replaced != third


def test_explains_itself_in_each_state() -> None:
    """The line says the state and what it rests on, and asking changes nothing."""
    breaker, clock = opened()
    assert breaker.explain() == "open for 1.00 s more"
    clock.now += 1
    breaker.allow()
    assert breaker.explain() == "half open, 1 of 2 probes still to be sent"
    fresh = Breaker(NUMBERS, clock)
    failing(fresh, 3)
    assert fresh.explain() == "closed: of the last 3 requests 3 failed and 0 were slow"
    assert fresh.state is State.CLOSED


class AnyTraffic(RuleBasedStateMachine):
    """Requests that begin and end in any order, with any result, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(NUMBERS, self.clock)
        self.under_way: list[tuple[int, State]] = []

    @rule(seconds=st.sampled_from([0.01, 0.3, 1.0, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def a_request_begins(self) -> None:
        if ticket := self.breaker.allow():
            self.under_way.append((ticket, self.breaker.state))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), ok=st.sampled_from([True, False, None]))
    def a_request_ends(self, data: st.DataObject, ok: bool | None) -> None:
        ticket, _ = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        if ok is None:
            self.breaker.forget(ticket)
        else:
            self.breaker.record(ok, ticket)

    @invariant()
    def never_more_probes_than_declared(self) -> None:
        newest = max((ticket for ticket, state in self.under_way if state is State.HALF_OPEN), default=0)
        assert sum(ticket == newest for ticket, _ in self.under_way) <= NUMBERS.probes

    def teardown(self) -> None:
        """Whatever has happened, an upstream that is well again is used again."""
        for _ in range(NUMBERS.probes):
            self.clock.now += 2 * NUMBERS.longest_open
            tickets = [self.breaker.allow() for _ in range(NUMBERS.probes)]
            for ticket in filter(None, tickets):
                self.breaker.record(True, ticket)
        assert self.breaker.state is State.CLOSED


TestAnyTraffic = AnyTraffic.TestCase
TestAnyTraffic.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
