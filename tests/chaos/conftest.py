"""One platform for each module, alive from its first test to its last."""

from collections.abc import Iterator

import pytest

from tests.chaos.stage import Stage, staged


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A platform with the context users in its canary."""
    with staged(tmp_path_factory.mktemp("stage")) as made:
        yield made
