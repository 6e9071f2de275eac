"""The one way in which a process of the platform calls another: `Client("users").get("/internal/users/customers", …)`.

Each call carries the internal token, a caller's token signed for it, the request id, the trace and the time that is left.
Calls that may be repeated are repeated within a budget; what fails in the end is a typed error, and a 421 is
`chassis.replica.authority.Misdirected`. It refuses to repeat a call that may have been executed and is not idempotent: that is
for the caller to judge.
"""

from chassis.client.calls import Client, Timeouts
from chassis.client.errors import CallFailed, Interrupted, Refused, TimedOut, Unreachable
from chassis.client.retries import Backoff, RetryBudget

__all__ = [
    "Backoff",
    "CallFailed",
    "Client",
    "Interrupted",
    "Refused",
    "RetryBudget",
    "TimedOut",
    "Timeouts",
    "Unreachable",
]
