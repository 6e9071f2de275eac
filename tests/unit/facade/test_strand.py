"""Strands and tasks that wait for signals, for futures and for time: who goes on when, and who is told of an error."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import uvloop

from facade.strand import Signal, Strand, within

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class Bench:
    """One loop, a strand's diary, and what the loop was told of errors."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.diary: list[object] = []
        self.errors: list[BaseException | None] = []
        loop.set_exception_handler(lambda _loop, context: self.errors.append(context.get("exception")))

    def signal(self) -> Signal:
        return Signal(self.loop)

    def strand(self, work: Coroutine[Any, Any, None]) -> Strand:
        return Strand(self.loop, work)

    async def note(self, name: str, *waits: Awaitable[object]) -> None:
        """Wait for one thing after another, and write down what came of each."""
        self.diary.append(name)
        for wait in waits:
            self.diary.append((name, await wait))

    async def notice(self, name: str, *waits: Awaitable[object]) -> None:
        """The same, but an error is written down."""
        try:
            await self.note(name, *waits)
        except (ValueError, TimeoutError, asyncio.CancelledError) as error:
            self.diary.append((name, type(error).__name__))


Test = Callable[[Bench], Coroutine[Any, Any, None]]


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[[Test], Bench]:
    """Runs a test on a loop, to its end; no error was told, unless the test takes it out of `errors`."""

    def running(test: Test) -> Bench:
        async def whole() -> Bench:
            bench = Bench(asyncio.get_running_loop())
            await test(bench)
            return bench

        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            bench = runner.run(whole())
        assert bench.errors == []
        return bench

    return running


Run = Callable[[Test], Bench]


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
        while not first.done() or "second" not in bench.diary:
            await asyncio.sleep(0)
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
        while not bench.diary:
            await asyncio.sleep(0)
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


def test_a_strand_gets_what_futures_and_tasks_bring(run: Run) -> None:
    """Their results, their errors, and that they were cancelled."""

    async def test(bench: Bench) -> None:
        futures = [bench.loop.create_future() for _ in range(3)]
        for name, future in zip("abc", futures, strict=True):
            bench.strand(bench.notice(name, future))
        bench.strand(bench.notice("d", bench.loop.create_task(asyncio.sleep(0, "slept"))))
        futures[0].set_result("brought")
        futures[1].set_exception(ValueError("a mistake"))
        futures[2].cancel()
        assert bench.diary == ["a", "b", "c", "d"]
        while len(bench.diary) < 8:
            await asyncio.sleep(0)
        assert set(bench.diary[4:]) == {("a", "brought"), ("b", "ValueError"), ("c", "CancelledError"), ("d", "slept")}

    run(test)


def test_what_is_done_already_is_not_waited_for(run: Run) -> None:
    """The strand goes on at once with its result or its error."""

    async def test(bench: Bench) -> None:
        done, failed, cancelled = (bench.loop.create_future() for _ in range(3))
        done.set_result("here")
        failed.set_exception(ValueError("a mistake"))
        cancelled.cancel()
        for name, future in (("a", done), ("b", failed), ("c", cancelled)):
            bench.strand(bench.notice(name, future))
        assert bench.diary == ["a", ("a", "here"), "b", ("b", "ValueError"), "c", ("c", "CancelledError")]

    run(test)


def test_a_strand_may_let_the_loop_turn(run: Run) -> None:
    """`asyncio.sleep(0)` lets others go first, and a sleep takes its time."""

    async def test(bench: Bench) -> None:
        bench.strand(bench.note("a", asyncio.sleep(0, "turned")))
        bench.loop.call_soon(bench.diary.append, "another")
        assert bench.diary == ["a"]
        await asyncio.sleep(0)
        assert bench.diary == ["a", ("a", "turned"), "another"]
        begun = bench.loop.time()
        bench.strand(bench.note("b", asyncio.sleep(0.02, "slept")))
        while ("b", "slept") not in bench.diary:
            await asyncio.sleep(0)
        assert bench.loop.time() - begun > 0.015

    run(test)


@pytest.mark.parametrize("as_strand", [True, False], ids=["strand", "task"])
def test_within_bounds_what_takes_too_long(run: Run, as_strand: bool) -> None:
    """Who waits gets the result or the error of the work; after its time `TimeoutError`, and the work was cancelled."""

    async def test(bench: Bench) -> None:
        cancelled = []

        async def endless() -> None:
            try:
                await bench.loop.create_future()
            finally:
                cancelled.append(True)

        async def fails() -> None:
            raise ValueError("a mistake")

        works: list[Callable[[], Awaitable[object]]] = [lambda: asyncio.sleep(0.001, "in time"), fails, endless]

        async def work() -> None:
            for make in works:
                await bench.notice("a", within(0.05, make()))
            bench.diary.append("end")

        if as_strand:
            bench.strand(work())
            while "end" not in bench.diary:
                await asyncio.sleep(0.001)
        else:
            await work()
        assert bench.diary == ["a", ("a", "in time"), "a", ("a", "ValueError"), "a", ("a", "TimeoutError"), "end"]
        assert cancelled == [True]

    run(test)


def test_within_ends_its_work_when_the_task_that_waits_is_cancelled(run: Run) -> None:
    """Nothing goes on for somebody who has gone."""

    async def test(bench: Bench) -> None:
        ended = bench.loop.create_future()

        async def endless() -> None:
            try:
                await bench.loop.create_future()
            finally:
                ended.set_result(None)

        waiting = bench.loop.create_task(bench.notice("a", within(60, endless())))
        for _ in range(5):
            await asyncio.sleep(0)
        waiting.cancel()
        await waiting
        await ended
        assert bench.diary == ["a", ("a", "CancelledError")]

    run(test)
