"""Which modules are compiled, and where the machine code of which sources lies."""

import sys
import sysconfig
from hashlib import sha256
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
MODULES: Final = (
    "facade.admission.adaptive",
    "facade.admission.door",
    "facade.admission.trial",
    "facade.answering",
    "facade.app",
    "facade.balance",
    "facade.book",
    "facade.callers",
    "facade.decide",
    "facade.desk",
    "facade.entrance.client",
    "facade.entrance.wire",
    "facade.exchange",
    "facade.failures",
    "facade.forwarded",
    "facade.gateway",
    "facade.headers",
    "facade.http1.chunks",
    "facade.http1.date",
    "facade.http1.grammar",
    "facade.http1.request_line",
    "facade.http1.status_line",
    "facade.identity.apikeys",
    "facade.identity.principal",
    "facade.identity.stage",
    "facade.identity.tokens",
    "facade.limits.account",
    "facade.limits.rule",
    "facade.limits.stage",
    "facade.limits.window",
    "facade.metrics",
    "facade.onward",
    "facade.pipeline.policy",
    "facade.pipeline.table",
    "facade.pool",
    "facade.replay",
    "facade.reply",
    "facade.request",
    "facade.resilience.backoff",
    "facade.resilience.breaker",
    "facade.resilience.budget",
    "facade.resilience.deadline",
    "facade.resilience.guard",
    "facade.resilience.window",
    "facade.routes",
    "facade.strand",
    "facade.upstream",
    "facade.upstreams",
    "facade.verdicts",
)
SOURCES: Final = (
    "facade",
    "facade/native/mypyc.ini",
    "chassis",
    "migrations_tools/phases.py",
    "migrations_tools/plan.py",
    "migrations_tools/plans",
)
"""Files, and folders of them, that machine code is made of: more than the modules, since constants of whatever they import are
compiled in.
"""


def source(module: str) -> Path:
    """The file of a module."""
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def digest() -> str:
    """What tells these sources, and the machine and Python that code was made for, from others."""
    total = sha256(f"{sys.version} {sysconfig.get_platform()}".encode())
    places = [ROOT / place for place in SOURCES]
    for file in sorted(file for place in places for file in ([place] if place.is_file() else place.rglob("*.py"))):
        total.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return total.hexdigest()[:16]


def folder(of: str) -> Path:
    """Where the machine code of the sources with this digest lies."""
    return ROOT / "build" / "facade" / of
