"""What one worker tells the admin process: everything that it has counted and knows, and how it would decide a request."""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from facade.admin.inside import Answers
from facade.desk import Desk
from facade.explain import decisions
from facade.explain.known import Known
from facade.explain.question import Question
from facade.pipeline.book import PolicyBook


class Telling:
    """`state` gives readiness, and which routes are in force."""

    def __init__(self, desk: Desk, policies: PolicyBook, state: Callable[[], dict[str, Any]]) -> None:
        self._desk = desk
        self._policies = policies
        self._state = state
        self._birth = secrets.token_hex(8)
        self._since = time.time()

    def answers(self) -> Answers:
        """By question."""
        return {"look": self._look, "explain": self._explain}

    async def _explain(self, question: Any) -> list[dict[str, str]]:
        desk, policies = self._desk, self._policies
        known = Known(
            desk.settings, desk.book, policies.table, policies.declared.resilience, desk.upstreams, desk.guards, desk.positions,
            running=True,
        )  # fmt: skip
        return [asdict(step) for step in await decisions.explain(known, Question.of(question))]

    async def _look(self, question: Any) -> dict[str, Any]:  # noqa: ARG002 there is nothing to be asked in it
        return {
            **self._state(),
            "pid": os.getpid(),
            "birth": self._birth,
            "since": self._since,
            "policies_refused": self._policies.refused,
            "instances": [asdict(one) for one in self._desk.upstreams.standing()],
            "families": [family.plain() for family in self._desk.metrics.families()],
        }
