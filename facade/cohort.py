"""Which cohort a user is in: a stable bucket 0..9999.

It depends on nothing but the key, the context and the user, so raising a percentage never moves a user back, on any
facade, after any restart. It refuses to know percentages of more than two decimals' worth: a bucket is 0.01 %.
"""

from functools import lru_cache
from hashlib import blake2b

BUCKETS = 10_000


@lru_cache(maxsize=65_536)
def bucket(key: str, context: str, who: str) -> int:
    """The bucket of `who` (a subject or an anonymous id) in `context`; another context shuffles anew."""
    digest = blake2b(f"{context}\0{who}".encode(), key=key.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") % BUCKETS


def below(percent: float) -> int:
    """How many buckets the first `percent` (0..100) of all are: those below this number belong to them."""
    return round(percent * BUCKETS / 100)
