"""Restarts slow down for what keeps crashing, and are quick for what ran well."""

from chassis.supervisor import backoff


def test_the_pause_doubles_up_to_a_limit() -> None:
    """A tenth of a second first, ten seconds at most, however often it crashed."""
    pauses = [backoff.delay(crashes) for crashes in range(1, 100)]
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8]
    assert max(pauses) == pauses[-1] == backoff.LONGEST_SECONDS
    assert backoff.delay(100, longest=0.3) == 0.3


def test_a_steady_life_starts_a_new_row() -> None:
    """A crash after ten good seconds counts as the first."""
    assert backoff.in_a_row(7, lived_seconds=0.5) == 8
    assert backoff.in_a_row(7, lived_seconds=backoff.STEADY_SECONDS) == 1
