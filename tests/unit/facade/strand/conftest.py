"""Runs a test on each kind of loop."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from tests.unit.facade.strand.bench import Bench, Run, Test

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
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
