"""Which flags a context has after a change: pure, from the policy table alone. It refuses
percentages that a phase has no use for.
"""

from dataclasses import dataclass, field, replace

from migrations_tools.phases import Direction, How, Owner, Phase, Reads, after_hand_over, policy, transition

_FIXED_READS = {Reads.MONOLITH: 0, Reads.SERVICE: 100}


class NonsenseFlags(ValueError):
    """The flags contradict the phase. `errors` holds every contradiction."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Flags:
    """A context's flags, as values. `version` is that of the change that made them so, and no part of what they are."""

    phase: Phase = Phase.MONOLITH
    read_percent: int = 0
    shadow_percent: int = 0
    epoch: int = 0
    version: int = field(default=0, compare=False)


def settle(
    now: Flags,
    phase: Phase | None = None,
    read_percent: int | None = None,
    shadow_percent: int | None = None,
) -> Flags:
    """The flags after a change; what is not asked for stays, as far as the phase allows.

    Shadowing does not survive a hand-over: after one the other side is the candidate, which nobody asked
    to compare. Raises `NonsenseFlags`, `NoSuchTransition`.
    """
    target = policy(phase or now.phase)
    moved = target.phase is not now.phase
    kept = not moved or transition(now.phase, target.phase).how is How.FLAG
    wished = replace(
        now,
        phase=target.phase,
        read_percent=_FIXED_READS.get(target.reads, now.read_percent if not moved else 0),
        shadow_percent=now.shadow_percent if target.shadow and kept else 0,
    )
    if read_percent is not None:
        wished = replace(wished, read_percent=read_percent)
    if shadow_percent is not None:
        wished = replace(wished, shadow_percent=shadow_percent)
    if errors := nonsense(wished):
        raise NonsenseFlags(errors)
    return wished


def nonsense(flags: Flags) -> list[str]:
    """Every contradiction between the percentages and the phase, in words."""
    row, errors = policy(flags.phase), []
    for name, percent in (("read_percent", flags.read_percent), ("shadow_percent", flags.shadow_percent)):
        if not 0 <= percent <= 100:
            errors.append(f"{name} is {percent}, not a percentage")
    fixed = _FIXED_READS.get(row.reads)
    if fixed is not None and flags.read_percent != fixed:
        errors.append(
            f"in phase {flags.phase} the {row.authority} answers all reads, so read_percent is {fixed}; only a canary shares them"
        )
    if flags.shadow_percent and not row.shadow:
        errors.append(f"in phase {flags.phase} nothing is compared, so shadow_percent is 0")
    return errors


def reconciled(now: Flags, owner: str, epoch: int) -> Flags:
    """The flags that fit the authority rows: `owner` at `epoch` is what they say. The same flags
    when they fit already.
    """
    row = policy(now.phase)
    if row.authority == owner:
        return replace(now, epoch=epoch)
    direction = next(d for d in Direction if d.target == Owner(owner))
    phase = after_hand_over(direction)
    fixed = _FIXED_READS.get(policy(phase).reads, 0)
    return Flags(phase=phase, read_percent=fixed, shadow_percent=0, epoch=epoch)
