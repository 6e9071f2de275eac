"""Which refresh tokens a login leaves."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from monolith.users.services.pruning import REUSE_MEMORY, Token, prunable

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = st.timedeltas(timedelta(days=-40), timedelta(days=40)).map(lambda distance: NOW + distance)
TOKENS = st.lists(
    st.builds(
        Token,
        id=st.uuids(),
        family=st.integers(1, 6).map(lambda number: UUID(int=number)),
        expires_at=TIMES,
        used_at=st.none() | TIMES,
        revoked_at=st.none() | TIMES,
    ),
    max_size=30,
    unique_by=lambda token: token.id,
)


@given(TOKENS, st.integers(1, 5))
def test_what_is_left_is_alive_and_few(tokens: list[Token], keep: int) -> None:
    """No dead token stays, at most `keep` families do, and no living token goes for a family that is kept."""
    gone = set(prunable(tokens, NOW, keep))
    left = [token for token in tokens if token.id not in gone]
    assert not any(token.is_dead(NOW) for token in left)
    families = {token.family for token in left}
    assert len(families) == min(keep, len({token.family for token in tokens if not token.is_dead(NOW)}))
    assert all(token.is_dead(NOW) or token.family not in families for token in tokens if token.id in gone)


def test_the_youngest_families_are_kept() -> None:
    """A family that was refreshed a moment ago outlives one that was begun later and not used since."""
    tokens = [_token(1, family=1), _token(2, family=2), _token(3, family=1)]
    assert prunable(tokens, NOW, 1) == [UUID(int=2)]


def test_used_tokens_are_remembered_for_a_while() -> None:
    """A copy of a token is recognised within the memory, and forgotten after it."""
    fresh = _token(1, used_at=NOW - REUSE_MEMORY + timedelta(seconds=1))
    old = _token(2, used_at=NOW - REUSE_MEMORY - timedelta(seconds=1))
    assert prunable([fresh, old], NOW, 5) == [old.id]


def _token(number: int, family: int = 1, used_at: datetime | None = None) -> Token:
    return Token(UUID(int=number), UUID(int=family), NOW + timedelta(days=1), used_at, None)
