"""Makes the next pages in a thread while the database works on the present one. Memory stays at `depth` + 2 pages."""

from collections.abc import Generator, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _End(Generic[Item]):
    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure


def prefetch(items: Iterator[Item], depth: int = 2) -> Generator[Item, None, None]:
    """Yield `items` in order; what their maker raises is raised here, after the items before it.

    When the consumer stops early, the maker is told and joined: no thread outlives the loop.
    """
    queue: Queue[Item | _End[Item]] = Queue(depth)
    stopped = Event()

    def offer(item: Item | _End[Item]) -> None:
        while not stopped.is_set():
            try:
                queue.put(item, timeout=0.1)
            except Full:
                continue
            return

    def make() -> None:
        failure: BaseException | None = None
        try:
            for item in items:
                offer(item)
                if stopped.is_set():
                    return
        except BaseException as raised:  # noqa: BLE001 - handed to the consumer, which raises it
            failure = raised
        offer(_End(failure))

    maker = Thread(target=make, name="load-pages", daemon=True)
    maker.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.failure is not None:
            raise item.failure
    finally:
        stopped.set()
        maker.join()
