"""The flags follow the authority rows, whoever died between the two."""

import pytest

from chassis.replica.authority import Authority, Side
from migrations_tools.control.flags import Reason, change, current
from migrations_tools.control.models import PhaseChange
from migrations_tools.control.reconcile import reconcile
from migrations_tools.control.settle import Flags
from migrations_tools.phases import Phase

pytestmark = [
    pytest.mark.django_db(databases=["default", "control"], transaction=True),
    pytest.mark.usefixtures("valkey"),
]
REASON = Reason(who="ada@host", command="test")


def row(owner: Side, epoch: int) -> Authority:
    return Authority("users", owner, epoch)


@pytest.fixture
def _canary() -> None:
    change("users", REASON, phase=Phase.DUAL_WRITE, epoch=1)
    change("users", REASON, phase=Phase.SHADOW, shadow_percent=50)
    change("users", REASON, phase=Phase.CANARY, read_percent=50)


@pytest.mark.usefixtures("_canary")
def test_a_hand_over_whose_process_died_before_the_flags() -> None:
    """Both rows say service: the phase becomes service, with nothing compared any more."""
    assert reconcile("users", row("service", 2), row("service", 2), who="relay") == Flags(Phase.SERVICE, 100, 0, 2)


@pytest.mark.usefixtures("_canary")
def test_half_a_hand_over_counts_as_the_losers_row_says() -> None:
    """The losing side commits first, so the later epoch is the truth, on whichever side it stands."""
    assert reconcile("users", row("service", 2), row("monolith", 1), who="relay").phase is Phase.SERVICE
    assert reconcile("users", row("service", 2), row("monolith", 3), who="relay") == Flags(Phase.CANARY, 0, 0, 3)


@pytest.mark.usefixtures("_canary")
def test_flags_that_fit_are_left_alone() -> None:
    """Reconciling again and again writes nothing."""
    before = PhaseChange.objects.count()
    for _ in range(3):
        assert reconcile("users", row("monolith", 1), row("monolith", 1), who="relay") == Flags(Phase.CANARY, 50, 50, 1)
    assert PhaseChange.objects.count() == before


def test_a_context_that_never_began_stays_as_it_is() -> None:
    """Two databases without rows are no reason to write a history."""
    reconcile("users", row("monolith", 0), row("monolith", 0), who="contexts")
    assert current("users") == Flags()
    assert PhaseChange.objects.count() == 0
