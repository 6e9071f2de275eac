"""What is told of a run: the road it went, the hand-overs, the copy and the comparison, and the proof.

`Run` is what the report draws and what `--json` prints; it goes to JSON and back without loss.
"""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Stage:
    """A phase of the road; `started_at`: Unix seconds."""

    name: str
    started_at: float


@dataclass(frozen=True, slots=True)
class Cutover:
    """A hand-over. `switched_at`: when the gaining side's database took authority, in Unix seconds; `pause_ms`: for how long
    writers were held, by the command's own word; `slowest_write_ms`: of the writes under way in that time, seen from outside."""

    direction: str
    switched_at: float
    pause_ms: float
    slowest_write_ms: float
    steps: list[dict[str, Any]] = field(default_factory=list)

    @property
    def held_from(self) -> float:
        return self.switched_at - self.pause_ms / 1000


@dataclass(frozen=True, slots=True)
class Lag:
    """What waits to be replicated: rows, and the age in seconds of the oldest that is no backfill."""

    at: float
    pending: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Effort:
    """How many rows were handled, and in how many seconds."""

    rows: int
    seconds: float


@dataclass(slots=True)
class Run:
    """`barred`: where the road ended, if not at its end; `proof`: counts by name, None where not measured; `samples`: at most
    ten of each in words."""

    context: str
    source: str
    rate: float
    seed: int
    began: float
    ended: float = 0.0
    barred: str = ""
    authority: str = ""
    requests: int = 0
    acknowledged_writes: int = 0
    unclear_writes: int = 0
    proof: dict[str, int | None] = field(default_factory=dict)
    samples: dict[str, list[str]] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    cutovers: list[Cutover] = field(default_factory=list)
    lag: list[Lag] = field(default_factory=list)
    backfill: Effort | None = None
    verify: Effort | None = None
    loaded: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Everything was measured and nothing was found; and the road was walked to its end."""
        proven = bool(self.proof) and all(count == 0 for count in self.proof.values())
        return proven and self.acknowledged_writes > 0 and not self.barred

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """From what `asdict` made."""
        lists: dict[str, Any] = {
            "stages": [Stage(**one) for one in fields["stages"]],
            "cutovers": [Cutover(**one) for one in fields["cutovers"]],
            "lag": [Lag(**one) for one in fields["lag"]],
        }
        efforts = {name: Effort(**fields[name]) if fields[name] else None for name in ("backfill", "verify")}
        return cls(**{**fields, **lists, **efforts})


def as_json(run: Run) -> dict[str, Any]:
    """The answer to `--json`: counts first, times in ISO 8601."""
    proof = {"lost_writes": "lost", "doubled_writes": "doubled", "failed_requests": "failed", "stale_reads": "stale"}
    return {
        "ok": run.good,
        "barred": run.barred or None,
        "context": run.context,
        "source": run.source,
        "authority": run.authority,
        "requests": run.requests,
        "acknowledged_writes": run.acknowledged_writes,
        "unclear_writes": run.unclear_writes,
        **{name: run.proof.get(short) for name, short in proof.items()},
        "divergent": run.proof.get("divergent"),
        "samples": run.samples,
        "cutovers": [
            {
                "direction": one.direction,
                "pause_ms": one.pause_ms,
                "slowest_write_ms": one.slowest_write_ms,
                "at": _iso(one.switched_at),
            }
            for one in run.cutovers
        ],
        "backfill": asdict(run.backfill) if run.backfill else None,
        "verify": asdict(run.verify) if run.verify else None,
        "phases": [{"name": stage.name, "started_at": _iso(stage.started_at)} for stage in run.stages],
        "max_lag_seconds": max((lag.seconds for lag in run.lag), default=None),
        "loaded": run.loaded,
        "rate": run.rate,
        "seed": run.seed,
        "seconds": round(run.ended - run.began, 1),
        "machine": run.machine,
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
