"""Strands and tasks that wait for signals: who goes on when, and who is told of an error."""

import asyncio
from collections.abc import Awaitable

from tests.unit.facade.strand.bench import Bench, Run


def test_a_strand_begins_at_once_and_goes_on_within_the_call_that_fires(run: Run) -> None:
    """No turn of the loop lies between the bytes that arrive and what is done with them."""

    async def test(bench: Bench) -> None:
        signal = bench.signal()
        bench.strand(bench.note("a", signal, signal))
        assert (bench.diary, signal.waiting) == (["a"], True)
        signal.fire()
        assert (bench.diary, signal.waiting) == (["a", ("a", None)], True)
        signal.fire()
        assert (bench.diary, signal.waiting) == (["a", ("a", None), ("a", None)], False)

    run(test)


def test_a_task_goes_on_in_the_next_turn(run: Run) -> None:
    """However often it is fired until then, it goes on once; and the next wait is another one."""

    async def test(bench: Bench) -> None:
        signal = bench.signal()
        task = bench.loop.create_task(bench.note("a", signal, signal))
        await asyncio.sleep(0)
        assert signal.waiting
        signal.fire()
        signal.fire()
        assert bench.diary == ["a"]
        await asyncio.sleep(0)
        assert (bench.diary, task.done(), signal.waiting) == (["a", ("a", None)], False, True)
        signal.fire()
        await task
        assert not signal.waiting

    run(test)


def test_a_signal_that_nobody_waits_for_is_forgotten(run: Run) -> None:
    """What has happened is in the state that the waiter looks at; a signal that was kept would wake the next one for nothing."""

    async def test(bench: Bench) -> None:
        signal = bench.signal()
        signal.fire()
        bench.strand(bench.note("a", signal))
        await asyncio.sleep(0)
        assert (bench.diary, signal.waiting) == (["a"], True)

    run(test)


def test_a_task_that_is_cancelled_waits_no_more(run: Run) -> None:
    """A later signal finds nobody, and does no harm."""

    async def test(bench: Bench) -> None:
        signal = bench.signal()
        task = bench.loop.create_task(bench.notice("a", signal))
        await asyncio.sleep(0)
        task.cancel()
        await task
        assert bench.diary == ["a", ("a", "CancelledError")]
        assert not signal.waiting
        signal.fire()

    run(test)


def test_a_wait_that_was_cancelled_does_not_end_the_one_that_has_begun_meanwhile(run: Run) -> None:
    """Between the order to cancel and its effect somebody else may wait for the same signal: it stays known to it."""

    async def test(bench: Bench) -> None:
        signal = bench.signal()
        first = bench.loop.create_task(bench.notice("first", signal))
        await asyncio.sleep(0)
        second = bench.loop.create_task(bench.note("second", signal))
        first.cancel()
        await bench.until(lambda: first.done() and "second" in bench.diary)
        assert signal.waiting
        signal.fire()
        await second

    run(test)


def test_strands_that_wake_each_other_each_go_on_as_themselves(run: Run) -> None:
    """One that is woken in the middle of another waits for its own signals, and so does the other afterwards."""

    async def test(bench: Bench) -> None:
        outer, inner = bench.signal(), bench.signal()
        bench.strand(bench.note("inner", inner, inner))

        async def work() -> None:
            bench.diary.append("outer")
            inner.fire()
            await outer
            bench.diary.append("outer goes on")

        bench.strand(work())
        assert bench.diary == ["inner", "outer", ("inner", None)]
        assert (inner.waiting, outer.waiting) == (True, True)
        inner.fire()
        assert bench.diary[3:] == [("inner", None)]
        outer.fire()
        assert bench.diary[4:] == ["outer goes on"]

    run(test)


def test_a_task_that_begins_while_a_strand_runs_is_no_strand(run: Run) -> None:
    """It waits as a task does, whoever made it."""

    async def test(bench: Bench) -> None:
        signal = bench.signal()

        async def work() -> None:
            bench.diary.append(await bench.loop.create_task(waits()))

        async def waits() -> str:
            await signal
            return "the task's end"

        bench.strand(work())
        await asyncio.sleep(0)
        signal.fire()
        assert bench.diary == []
        await bench.until(lambda: bool(bench.diary))
        assert bench.diary == ["the task's end"]

    run(test)


def test_an_error_of_a_strand_is_told_to_the_loop_and_nobody_else(run: Run) -> None:
    """Whoever fires goes on: the strand's error is not its own. The signal serves on."""

    async def test(bench: Bench) -> None:
        signal, error = bench.signal(), ValueError("a mistake")

        async def fails(*waits: Awaitable[object]) -> None:
            for wait in waits:
                await wait
            raise error

        bench.strand(fails())
        bench.strand(fails(signal))
        signal.fire()
        bench.strand(fails(asyncio.sleep(0)))
        await asyncio.sleep(0)
        assert bench.errors == [error] * 3
        bench.errors.clear()
        bench.strand(bench.note("after", signal))
        signal.fire()
        assert bench.diary == ["after", ("after", None)]

    run(test)


def test_a_strand_that_is_cancelled_by_what_it_waits_for_just_ends(run: Run) -> None:
    """As a task would: a future that was cancelled is no mistake that anybody should hear of, least of all who fired."""

    async def test(bench: Bench) -> None:
        signal, early, late = bench.signal(), bench.loop.create_future(), bench.loop.create_future()
        early.cancel()
        bench.strand(bench.note("early", signal, early))
        bench.strand(bench.note("late", late))
        signal.fire()
        late.cancel()
        await asyncio.sleep(0)
        assert bench.diary == ["early", "late", ("early", None)]

    run(test)
