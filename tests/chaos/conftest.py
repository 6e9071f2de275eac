"""One platform for all chaos tests that a worker runs in a row: it takes longer to start than any of them."""

from collections.abc import Iterator

import pytest

from tests.chaos.stage import Stage, staged


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A platform with the context users in its canary."""
    with staged(tmp_path_factory.mktemp("stage")) as made:
        yield made
