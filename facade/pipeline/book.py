"""The policies in force, read from their file, and read again when it has changed.

It refuses a file that is wrong in any place: then what was in force stays so, and the errors are told once.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from facade.pipeline.declared import Declared, InvalidPolicies, read
from facade.pipeline.table import PolicyTable

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0

Build = Callable[[Declared], PolicyTable]


class PolicyBook:
    """`table` is what requests are matched against; `refused` says whether the file, as it is now, was refused.

    Raises `InvalidPolicies` at first, when there is nothing in force yet.
    """

    def __init__(self, file: Path, build: Build) -> None:
        self._file = file
        self._build = build
        self._seen = self._stamp()
        self.declared = read(file)
        self.table = build(self.declared)
        self.refused = False
        self.on_change: list[Callable[[], None]] = []

    def reload(self) -> None:
        """Read the file again, and put it in force as a whole or not at all."""
        self._seen = self._stamp()
        try:
            declared = read(self._file)
            table = self._build(declared)
        except InvalidPolicies as error:
            self.refused = True
            log.error("the policies in %s were refused, the last ones stay in force: %s", self._file, error)
            return
        self.declared, self.table, self.refused = declared, table, False
        for call in self.on_change:
            call()
        log.warning("the policies in %s are in force", self._file)

    async def watch(self) -> None:
        """Reload when the file changes, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._stamp() != self._seen:
                self.reload()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
