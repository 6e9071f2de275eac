"""The policies in force, read from their file, and read again when it, or a file that it names, has changed.

It refuses a file that is wrong in any place: then what was in force stays so, and the errors are told once. At first that is what
was in force when a worker last ran here.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from facade.pipeline import source
from facade.pipeline.declared import Declared, InvalidPolicies
from facade.pipeline.source import Policies, Stamps, stamp
from facade.pipeline.table import PolicyTable

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0

Build = Callable[[Policies], PolicyTable]


class PolicyBook:
    """`table`, once it is open, is what requests are matched against; `refused` says whether the files, as they are now, were
    refused. `kept` is where the last good ones are.

    Raises `InvalidPolicies` at first, where there is nothing to put in force.
    """

    table: PolicyTable

    def __init__(self, file: Path, kept: Path) -> None:
        self._file = file
        self._kept = kept
        self._seen: Stamps = {}
        self._build: Build | None = None
        self._read, error = source.start(file, kept, self._seen)
        self.refused = error is not None
        self.on_change: list[Callable[[], None]] = []
        if error is not None:
            log.error("the policies in %s were refused, the last good ones are in force: %s", file, error)

    @property
    def declared(self) -> Declared:
        """What is in force, as it was declared."""
        return self._read.declared

    def open(self, build: Build) -> None:
        """Put in force what was read at first."""
        self._build = build
        self._enforce(self._read)

    def reload(self) -> None:
        """Read the files again, and put them in force as a whole or not at all."""
        self._take(*self._load())

    def _load(self) -> tuple[Policies | InvalidPolicies, Stamps]:
        """What the files say now, or what is wrong with them, and what is to be watched from here on. Changes nothing."""
        # What is named no more goes on being watched until the next good reading: where that fails, nothing else shows a change.
        seen, fresh = {path: stamp(path) for path in self._seen}, Stamps()
        try:
            return source.load(self._file, fresh), fresh
        except InvalidPolicies as error:
            return error, seen | fresh

    def _take(self, read: Policies | InvalidPolicies, seen: Stamps) -> None:
        self._seen = seen
        if isinstance(read, InvalidPolicies):
            self.refused = True
            log.error("the policies in %s were refused, the last ones stay in force: %s", self._file, read)
            return
        self._enforce(read)
        self.refused = False
        for call in self.on_change:
            call()
        log.warning("the policies in %s are in force", self._file)

    async def watch(self) -> None:
        """Reload when a file changes, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if any(stamp(path) != seen for path, seen in self._seen.items()):
                # In a thread: a long document takes its time, and requests are served meanwhile.
                self._take(*await asyncio.to_thread(self._load))

    def _enforce(self, read: Policies) -> None:
        assert self._build is not None
        self.table = self._build(read)
        self._read = read
        source.keep_good(self._kept, read)
