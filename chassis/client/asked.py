"""What is asked of a service, however often it has to be sent."""

from collections.abc import Mapping
from dataclasses import dataclass

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Asked:
    """`path` is below the service's base URL; `body` is JSON."""

    method: str
    path: str
    params: Mapping[str, str] | None
    body: bytes | None
    idempotency_key: str | None

    @property
    def idempotent(self) -> bool:
        """Whether sending it twice is the same as sending it once."""
        return self.method in IDEMPOTENT or self.idempotency_key is not None

    def headers(self) -> dict[str, str]:
        headers = {} if self.body is None else {"Content-Type": "application/json"}
        return headers if self.idempotency_key is None else {**headers, "Idempotency-Key": self.idempotency_key}
