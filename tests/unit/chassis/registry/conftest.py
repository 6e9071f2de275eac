"""An empty registry in this worker's real Valkey."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
import valkey as client_library

from chassis.embedded import ValkeyServer

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = 20.0) -> T:
    """What `condition` returns once it is true; fails when it is not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return value


@pytest.fixture
def client(valkey: ValkeyServer) -> Iterator[client_library.Valkey]:
    with client_library.Valkey.from_url(valkey.url()) as connected:
        names = list(connected.scan_iter(match="banyan:instance*")) + list(connected.scan_iter(match="banyan:drain:*"))
        if names:
            connected.delete(*names)
        yield connected
