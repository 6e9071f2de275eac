"""Remembers which tokens were used, so that none is accepted twice by one process.

Bounded in time: what can no longer be accepted is forgotten. Bounded in number: where more than `limit` tokens would have to be
remembered, those of the oldest second are forgotten and every token of that second or an earlier one is refused from then on, so
that a flood makes tokens live shorter and never lets one in twice. A token can still be used once in each process that serves its
audience: the memory is not shared, which would cost each request a question to another machine.
"""

import threading


class Replays:
    """`span` is for how many seconds after its issue a token is remembered: its lifetime and twice the skew, so that a clock
    which is set back by less than the skew lets nothing in twice. `limit` tokens take some 150 bytes each. Safe for threads.
    """

    def __init__(self, span: int, limit: int = 100_000) -> None:
        self._span = span
        self._limit = limit
        self._seconds: dict[int, set[str]] = {}
        self._count = 0
        self._floor = -1
        self._swept = 0
        self._lock = threading.Lock()

    def admit(self, token_id: str, issued_at: int, now: float) -> bool:
        """Whether this token (issued at a Unix second) was never admitted before; it counts as used from now on."""
        with self._lock:
            self._sweep(int(now))
            if issued_at <= self._floor:
                return False
            used = self._seconds.setdefault(issued_at, set())
            if token_id in used:
                return False
            used.add(token_id)
            self._count += 1
            while self._count > self._limit:
                self._floor = max(self._floor, oldest := min(self._seconds))
                self._drop(oldest)
            return True

    def __len__(self) -> int:
        return self._count

    def _sweep(self, now: int) -> None:
        if now != self._swept:
            self._swept = now
            for second in [second for second in self._seconds if second < now - self._span]:
                self._drop(second)

    def _drop(self, second: int) -> None:
        self._count -= len(self._seconds.pop(second))
