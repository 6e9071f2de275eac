"""Strands that wait for futures, tasks, turns of the loop and time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from facade.strand import within
from tests.unit.facade.strand.bench import Bench, Run


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
        await bench.until(lambda: len(bench.diary) == 8)
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
        await bench.until(lambda: ("b", "slept") in bench.diary)
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

        works: list[tuple[float, Callable[[], Awaitable[object]]]] = [
            (60, lambda: asyncio.sleep(0.001, "in time")),
            (60, fails),
            (0.05, endless),
        ]

        async def work() -> None:
            for seconds, make in works:
                await bench.notice("a", within(seconds, make()))
            bench.diary.append("end")

        if as_strand:
            bench.strand(work())
            await bench.until(lambda: "end" in bench.diary)
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
