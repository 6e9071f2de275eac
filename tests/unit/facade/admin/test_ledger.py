"""What several workers' numbers come to: counters that never fall, gauges that say whose they are."""

from hypothesis import given
from hypothesis import strategies as st

from facade.admin.ledger import Ledger
from facade.exposition import Across, Family, Series


def family(name: str, number: float, *, kind: str = "counter", across: Across = Across.SUM, labels: str = "") -> Family:
    return Family(name, kind, name, across, {("", labels): number})


def numbers(found: list[Family]) -> dict[str, dict[Series, float]]:
    return {one.name: dict(one.samples) for one in found}


def counted(ledger: Ledger, **told: tuple[str, float]) -> float:
    """What `x` comes to when these workers (`w0=…`) tell their process and their count."""
    answered = {int(name[1:]): (birth, [family("x", number)]) for name, (birth, number) in told.items()}
    return numbers(ledger.merged(answered))["x"]["", ""]


def test_counters_are_added_up() -> None:
    """By series: labels that one worker alone has are there too."""
    told = {
        0: ("a", [family("x", 2, labels='c="1"')]),
        1: ("b", [family("x", 3, labels='c="1"'), family("y", 1)]),
        2: ("c", [family("x", 5, labels='c="2"')]),
    }
    assert numbers(Ledger().merged(told)) == {"x": {("", 'c="1"'): 5, ("", 'c="2"'): 5}, "y": {("", ""): 1}}


def test_a_worker_that_died_goes_on_being_counted() -> None:
    """Also where its successor has counted further already than it had."""
    ledger = Ledger()
    assert counted(ledger, w0=("a", 10), w1=("b", 5)) == 15
    assert counted(ledger, w0=("c", 12), w1=("b", 6)) == 28
    assert counted(ledger, w0=("c", 13), w1=("b", 6)) == 29
    assert counted(ledger, w0=("d", 0), w1=("b", 6)) == 29


def test_a_worker_that_does_not_answer_goes_on_being_counted() -> None:
    """With what it said last; so does one of which nobody has said anything since."""
    ledger = Ledger()
    counted(ledger, w0=("a", 10), w1=("b", 5))
    assert counted(ledger, w1=("b", 7)) == 17
    assert counted(ledger) == 17
    assert counted(ledger, w0=("a", 11), w1=("b", 7)) == 18


def test_a_count_that_begins_anew_in_one_process_does_not_fall() -> None:
    """Limits and guards do when the policies change."""
    ledger = Ledger()
    counted(ledger, w0=("a", 10))
    assert counted(ledger, w0=("a", 2)) == 12
    assert counted(ledger, w0=("a", 4)) == 14


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["count", "die", "hide"]), st.integers(0, 9)), max_size=40))
def test_no_sum_ever_falls(happened: list[tuple[int, str, int]]) -> None:
    """Whatever workers do, and it is exact where each was asked before it died."""
    ledger, births, counts, total, last = Ledger(), [0, 0, 0], [0, 0, 0], 0, 0.0
    for worker, what, number in happened:
        hidden: set[int] = set()
        if what == "count":
            counts[worker] += number
            total += number
        elif what == "die":
            births[worker] += 1
            counts[worker] = 0
        else:
            hidden = {worker}
        told = {w: (f"{w}.{births[w]}", [family("x", counts[w])]) for w in range(3) if w not in hidden}
        now = numbers(ledger.merged(told))["x"]["", ""]
        assert now >= last
        assert now == total
        last = now


def test_gauges_are_those_of_the_workers_that_answer() -> None:
    """Each by itself, summed up, or the largest, as the family says; a number of a worker that is silent is none."""
    ledger = Ledger()
    told = {
        worker: (
            str(worker),
            [
                family("each", worker + 1, kind="gauge", across=Across.EACH, labels='s="a"'),
                family("plain", worker + 1, kind="gauge", across=Across.EACH),
                family("sum", worker + 1, kind="gauge"),
                family("largest", worker, kind="gauge", across=Across.LARGEST),
            ],
        )
        for worker in range(2)
    }
    assert numbers(ledger.merged(told)) == {
        "each": {("", 's="a",worker="0"'): 1, ("", 's="a",worker="1"'): 2},
        "plain": {("", 'worker="0"'): 1, ("", 'worker="1"'): 2},
        "sum": {("", ""): 3},
        "largest": {("", ""): 1},
    }
    del told[1]
    assert numbers(ledger.merged(told))["sum"] == {("", ""): 1}
    assert numbers(ledger.merged({}))["each"] == {}
