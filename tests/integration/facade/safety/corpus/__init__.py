"""Requests that some parser somewhere has misread, as data: what is sent, byte by byte, and what must come of it."""

from tests.integration.facade.safety.corpus import (
    bodies,
    framing,
    heads,
    identity,
    lines,
    pipelines,
    protocols,
    targets,
)
from tests.integration.facade.safety.corpus.case import Case

CASES: tuple[Case, ...] = (
    *framing.CASES,
    *bodies.CASES,
    *heads.CASES,
    *lines.CASES,
    *targets.CASES,
    *identity.CASES,
    *protocols.CASES,
    *pipelines.CASES,
)
