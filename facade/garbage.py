"""How often a worker looks for cycles among what its requests leave behind.

What a request leaves is freed as its last reference goes, and cycles are rare. Looking for them as often as Python does by itself
takes a tenth of a worker's time where hundreds of requests are under way, since each look goes through all that they hold.
"""

import gc
from typing import Final

_MORE: Final = 50_000
"""So many containers more than before are held before they are looked through: some megabytes."""


def leave_to_counting() -> None:
    """From now on look seldom, and never at what is there already: a worker's parts live as long as it does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MORE, 20, 50)
