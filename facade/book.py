"""The route table in force. It changes by a new feed, or by what a 421 taught; each change swaps the whole table.

It refuses to go back: a feed older than the one in force, and a lesson older than what is known, change nothing.
"""

import logging
from collections.abc import Callable, Sequence

from facade.routes import Feed, Lesson, compile_table
from migrations_tools.plan import ContextPlan

log = logging.getLogger(__name__)


class RouteBook:
    """`table` is what requests are matched against; `source` says where it came from: plans, disk or feed."""

    def __init__(self, plans: Sequence[ContextPlan]) -> None:
        self._plans = tuple(plans)
        self._lessons: dict[str, Lesson] = {}
        self.feed = Feed()
        self.source = "plans"
        self.table = compile_table(self._plans, self.feed, self._lessons)
        self.on_change: list[Callable[[], None]] = []

    @property
    def lessons(self) -> int:
        """How many contexts are known to be further than the feed says."""
        return len(self._lessons)

    def apply(self, feed: Feed, source: str) -> bool:
        """Put a feed in force; whether anything changed. What control says now replaces whatever came from the disk,
        also an older version: its database may be another one than the one before the restart.
        """
        if self.source == "feed" and (feed.version < self.feed.version or feed == self.feed):
            return False
        self.feed = feed
        self.source = source
        self._lessons = {
            context: lesson
            for context, lesson in self._lessons.items()
            if context not in feed.contexts or feed.contexts[context].epoch < lesson.epoch
        }
        self._compile()
        log.info("routes of version %s from %s", feed.version, source)
        return True

    def learn(self, context: str, lesson: Lesson) -> None:
        """Take in who owns a context since which epoch, until the feed has caught up."""
        known = self._lessons.get(context)
        state = self.feed.contexts.get(context)
        if (known and known.epoch >= lesson.epoch) or (state and state.epoch >= lesson.epoch):
            return
        self._lessons[context] = lesson
        self._compile()
        log.info("%s belongs to the %s since epoch %s, which the feed has not told yet", context, lesson.owner, lesson.epoch)

    def _compile(self) -> None:
        self.table = compile_table(self._plans, self.feed, self._lessons)
        for call in self.on_change:
            call()
