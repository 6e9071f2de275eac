"""One upstream for the tests of a module, for the peers to stand in front of."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.gateway import full
from benchmarks.gateway.lineup import Ground
from benchmarks.gateway.origin import origin
from chassis.embedded import ValkeyServer

PROCESSORS = frozenset(os.sched_getaffinity(0))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, valkey: ValkeyServer) -> Iterator[Ground]:
    """A running upstream, in a folder of the module's own."""
    folder: Path = tmp_path_factory.mktemp("gateway")
    with origin(folder / "origin", PROCESSORS, full.documents()) as upstream:
        yield Ground(folder, upstream, valkey.url())
