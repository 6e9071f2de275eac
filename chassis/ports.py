"""Free ports on the loopback interface."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range that kernels hand to outgoing connections (32768 and up), so that a stopped server's port is
# still its own when it comes back.
_CANDIDATES = range(15_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port(preferred: int | None = None) -> int:
    """`preferred` when it is free, else a free port chosen at random; OSError when none of a thousand tries
    is free."""
    if preferred is not None and is_free(preferred):
        return preferred
    for port in random.sample(_CANDIDATES, 1_000):
        if is_free(port):
            return port
    raise OSError("no free port between 15000 and 32000 on 127.0.0.1")
