"""Why there is no answer of an upstream, and what that says of the request: was it sent, may it have been executed?"""


class UpstreamError(Exception):
    """No answer can be had from this attempt."""


class Unreachable(UpstreamError):
    """No connection could be made; nothing was sent."""


class NoSocket(Unreachable):
    """This process, or the machine, has no socket left for a connection: that says nothing of the upstream."""


class ClosedEarly(UpstreamError):
    """The upstream closed the connection before the first byte of an answer; the request may have been executed."""


class TimedOut(UpstreamError):
    """The upstream was silent for longer than it may be; the request may have been executed."""


class BadAnswer(UpstreamError):
    """What the upstream sent is not HTTP, or an upgrade that nobody asked for."""


class CutShort(UpstreamError):
    """The answer broke off after it had begun."""
