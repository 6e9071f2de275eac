"""The fence's refusal is found in any chain of exceptions, however it was wrapped."""

import pytest

from chassis.replica.authority import Misdirected, misdirected_in


def test_it_is_found_behind_other_errors() -> None:
    """As a cause and as a context alike."""
    refusal = Misdirected("users", "service", 7)
    cause, context = RuntimeError("wrapped"), RuntimeError("while handling")
    cause.__cause__, context.__context__ = refusal, cause
    assert misdirected_in(context) is refusal


@pytest.mark.timeout(5)
def test_a_chain_that_leads_back_into_itself_ends() -> None:
    """A database that dies in the middle of a transaction leaves such a chain; the request that asks must not spin for ever."""
    first, second = RuntimeError("the connection is lost"), RuntimeError("and cannot be rolled back")
    first.__cause__, second.__context__ = second, first
    assert misdirected_in(second) is None
