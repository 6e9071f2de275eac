"""What a lower limit on trial proves, and what it does not."""

import pytest

from facade.admission.trial import Seen, Trial, Verdict

BEFORE = Seen(typical=0.2, mean=0.2, used=40.0, rate=200.0, failing=0.0)


@pytest.mark.parametrize(
    ("rate", "pressed", "verdict"),
    [(200.0, True, None), (160.0, True, None), (110.0, True, Verdict.REFUTED), (110.0, False, Verdict.UNKNOWN)],
)
def test_throughput_that_follows_concurrency_refutes_a_line(rate: float, pressed: bool, verdict: Verdict | None) -> None:
    """Half of the concurrency and half of the answers: nothing had stood in line. Without demand nothing is shown by either."""
    assert Trial(64, 25, BEFORE, thorough=False).measured(rate, pressed=pressed) is verdict


@pytest.mark.parametrize(("typical", "verdict"), [(0.125, Verdict.PROVEN), (0.2, Verdict.REFUTED)])
def test_answers_that_come_sooner_prove_a_line(typical: float, verdict: Verdict) -> None:
    """It became shorter with what was let in."""
    assert Trial(64, 25, BEFORE, thorough=False).compared(typical, 0.0, 0.0) is verdict


@pytest.mark.parametrize(("failing", "verdict"), [(0.02, Verdict.PROVEN), (0.4, Verdict.REFUTED)])
def test_failures_that_end_prove_too_much_of_them(failing: float, verdict: Verdict) -> None:
    """What failed before because there was too much does not fail now; what fails by itself goes on."""
    before = Seen(typical=0.2, mean=0.2, used=40.0, rate=200.0, failing=0.4)
    assert Trial(64, 25, before, thorough=False).compared(0.2, failing, 0.0) is verdict


def test_a_trial_that_could_show_nothing_is_none() -> None:
    """Taking away a tenth could not be told from noise."""
    assert Trial(64, 25, BEFORE, thorough=False).telling()
    assert not Trial(64, 36, BEFORE, thorough=False).telling()
    assert not Trial(25, 25, BEFORE, thorough=False).telling()
