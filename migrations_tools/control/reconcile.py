"""Bring a context's flags to what the two databases say about authority.

The authority rows decide; the flags follow. A control process may die between the two, so this is
run again by the cut-over, the relay and `contexts`, and does nothing when the flags fit already.
"""

from typing import Protocol

from migrations_tools.control.flags import Reason, apply
from migrations_tools.control.settle import Flags, reconciled


class AuthorityRow(Protocol):
    """What one side's database says: `owner` ("monolith" or "service") has authority, since `epoch`."""

    @property
    def owner(self) -> str: ...
    @property
    def epoch(self) -> int: ...


def later(monolith: AuthorityRow, service: AuthorityRow) -> AuthorityRow:
    """The row that counts. The losing side commits first, so the higher epoch is the truth also
    half-way through.
    """
    return service if service.epoch > monolith.epoch else monolith


def reconcile(context: str, monolith: AuthorityRow, service: AuthorityRow, *, who: str) -> Flags:
    """The flags of the context, after they were made to fit the rows of both sides. Raises
    `UnknownContext`.
    """
    truth = later(monolith, service)
    note = f"the authority rows say {truth.owner} at epoch {truth.epoch}"
    reason = Reason(who=who, command="reconcile", note=note)
    return apply(context, reason, lambda now: reconciled(now, truth.owner, truth.epoch))
