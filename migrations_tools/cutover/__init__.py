"""Handing a context's authority from one side to the other: no acknowledged write lost, no request failed, either way round."""

from migrations_tools.cutover.finish import finish, half_done, rows
from migrations_tools.cutover.hand_over import Report, StepReport, narrate, perform, predicted_pause_ms
from migrations_tools.cutover.state import CalledOff
from migrations_tools.cutover.steps import STEPS, Step

__all__ = [
    "STEPS",
    "CalledOff",
    "Report",
    "Step",
    "StepReport",
    "finish",
    "half_done",
    "narrate",
    "perform",
    "predicted_pause_ms",
    "rows",
]
