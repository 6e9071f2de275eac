"""Loaded before pytest-django (`-p tests.plugin`): points the environment at the run's own servers."""

import os
from collections.abc import Generator

import pytest

from tests import run

_ADDRESSES_OF_OTHERS = ("MONOLITH_URL", "USERS_URL", "FACADE_URL")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Set the variables that `chassis.env` reads, before Django's settings are imported."""
    if run.VARIABLE not in os.environ:
        run.sweep()
        mine = run.begin()
        early_config.add_cleanup(mine.remove)
    os.environ.update(run.current().environment(worker_name()))
    for name in _ADDRESSES_OF_OTHERS:
        os.environ.pop(name, None)
    return (yield)


def worker_name() -> str:
    """The xdist worker's name, or "main" without xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")
