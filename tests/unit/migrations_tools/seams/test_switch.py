"""A call is executed exactly once, at the side that has authority, wherever that is when it arrives."""

from collections.abc import Iterator

import pytest

from chassis.replica.authority import Misdirected, Side, other
from migrations_tools.seams.switch import NobodyAnswers, Switch


class Platform:
    """Two sides and the authority between them; `flips` are the pauses after which a hand-over goes on."""

    def __init__(self, row: Side, accepting: Side | None) -> None:
        self.row = row
        self.accepting = accepting
        self.executed: list[Side] = []
        self.asked: list[Side] = []
        self.now = 0.0
        self.on_pause: Iterator[Side | None] = iter(())

    def work(self, side: Side) -> str:
        self.asked.append(side)
        if side != self.accepting:
            raise Misdirected("users", other(side), 2)
        self.executed.append(side)
        return f"done at the {side}"

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.accepting = next(self.on_pause, self.accepting)

    def switch(self) -> Switch[Side]:
        return Switch(
            "users", {"monolith": "monolith", "service": "service"}, authority=lambda _: self.row,
            clock=lambda: self.now, pause=self.pause, limit_seconds=1.0,
        )  # fmt: skip


@pytest.mark.parametrize("side", ["monolith", "service"])
def test_a_call_goes_where_the_authority_row_points(side: Side) -> None:
    """In quiet times only the side with authority is asked."""
    platform = Platform(row=side, accepting=side)
    assert platform.switch().call(platform.work) == f"done at the {side}"
    assert platform.asked == [side]


@pytest.mark.parametrize("side", ["monolith", "service"])
def test_authority_that_moved_after_the_row_was_read(side: Side) -> None:
    """A call that the first side refuses in its middle is executed once, at the other one,
    without waiting.
    """
    platform = Platform(row=side, accepting=other(side))
    platform.switch().call(platform.work)
    assert platform.executed == [other(side)]
    assert platform.now == 0


def test_a_hand_over_under_way_is_waited_for() -> None:
    """While both sides refuse, the call waits, and is executed once when one of them accepts."""
    platform = Platform(row="monolith", accepting=None)
    platform.on_pause = iter([None, None, "service"])
    platform.switch().call(platform.work)
    assert platform.executed == ["service"]
    assert 0 < platform.now < 0.1


def test_the_waiting_is_bounded() -> None:
    """A hand-over that never ends becomes a 503 that says nothing was executed, not an endless wait."""
    platform = Platform(row="monolith", accepting=None)
    with pytest.raises(NobodyAnswers) as refusal:
        platform.switch().call(platform.work)
    assert refusal.value.status == 503
    assert platform.executed == []
    assert platform.now == pytest.approx(1.0, abs=0.06)


def test_other_errors_are_not_repeated() -> None:
    """Only a refusal that says nothing was executed is repeated; anything else reaches the caller at once."""
    platform = Platform(row="monolith", accepting="monolith")

    def fail(side: Side) -> str:
        platform.asked.append(side)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        platform.switch().call(fail)
    assert platform.asked == ["monolith"]


def test_a_refusal_of_another_context_is_not_taken_for_ones_own() -> None:
    """A call that was refused deeper down, for another context, may have had effects before; it
    is not repeated.
    """
    platform = Platform(row="monolith", accepting="monolith")

    def fail(side: Side) -> str:
        platform.asked.append(side)
        raise Misdirected("orders", "service", 1)

    with pytest.raises(Misdirected):
        platform.switch().call(fail)
    assert platform.asked == ["monolith"]
