"""How a call to another process can fail. Each is a problem, so that a view that does not catch it answers with it."""

from collections.abc import Mapping
from typing import Any

from chassis.problems import Problem


class CallFailed(Problem):
    """A call to `service` gave no usable answer; `executed` tells whether it may have been executed."""

    executed = True

    def __init__(self, service: str, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers=headers)
        self.service = service


class Unreachable(CallFailed):
    """No connection could be made, so nothing was executed."""

    executed = False

    def __init__(self, service: str) -> None:
        super().__init__(service, 503, f"The {service} service cannot be reached.", {"Retry-After": "1"})


class Interrupted(CallFailed):
    """The connection broke before the answer was complete."""

    def __init__(self, service: str) -> None:
        super().__init__(service, 502, f"The {service} service broke off.")


class TimedOut(CallFailed):
    """No complete answer came in time."""

    def __init__(self, service: str) -> None:
        super().__init__(service, 504, f"The {service} service did not answer in time.")


class Refused(CallFailed):
    """The service answered with an error: `answer` is its status, `kind` its problem type, `messages` are by field.

    Unless it is caught, whoever asked us gets a 502, or the 503 that we got: what we asked wrongly is not their mistake.
    """

    def __init__(self, service: str, answer: int, problem: Mapping[str, Any], retry_after: str | None = None) -> None:
        detail = f"The {service} service refused a call ({answer})."
        headers = {"Retry-After": retry_after} if retry_after else None
        super().__init__(service, 503 if answer == 503 else 502, detail, headers)
        self.answer = answer
        self.kind = str(problem.get("type", "about:blank"))
        self.reason = str(problem.get("detail") or problem.get("title") or "")
        self.messages: Mapping[str, Any] = problem.get("errors") or {}
        self.retry_after = retry_after
