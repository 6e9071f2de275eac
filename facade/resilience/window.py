"""Counts over the last seconds, in a ring of buckets: old ones fall out as a whole, one bucket at a time.

It refuses to be exact at its edge: what it covers is the given time, less up to one bucket.
"""


class Window:
    """`kinds` counters over `seconds`, in `buckets` steps. `totals[kind]` is valid after `add` or `roll` at the current time.

    Times are seconds of one clock that does not go back.
    """

    __slots__ = ("_at", "_buckets", "_length", "_ring", "totals")

    def __init__(self, kinds: int, seconds: float, buckets: int) -> None:
        self._length = seconds / buckets
        self._buckets = buckets
        self._ring = [[0] * kinds for _ in range(buckets)]
        self._at = 0
        self.totals = [0] * kinds

    def add(self, kind: int, now: float) -> None:
        """Count one of `kind`."""
        if int(now / self._length) != self._at:
            self.roll(now)
        self._ring[self._at % self._buckets][kind] += 1
        self.totals[kind] += 1

    def roll(self, now: float) -> None:
        """Let fall out what is too old."""
        at = int(now / self._length)
        gone = min(at - self._at, self._buckets)
        for step in range(1, gone + 1):
            bucket = self._ring[(self._at + step) % self._buckets]
            for kind, count in enumerate(bucket):
                self.totals[kind] -= count
                bucket[kind] = 0
        self._at = max(at, self._at)

    def clear(self) -> None:
        """Forget all counts."""
        for bucket in (*self._ring, self.totals):
            bucket[:] = [0] * len(bucket)
