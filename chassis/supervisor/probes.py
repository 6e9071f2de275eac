"""Ways to see that a process is ready."""

import http.client
import socket
from urllib.parse import urlsplit

from chassis.supervisor.program import Probe

_TIMEOUT_SECONDS = 2.0


def http_ok(url: str) -> Probe:
    """Ready once GET `url` answers 2xx."""
    parts = urlsplit(url)

    def probe() -> bool:
        connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("GET", parts.path or "/")
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return probe


def tcp_open(host: str, port: int) -> Probe:
    """Ready once something accepts connections there."""

    def probe() -> bool:
        try:
            socket.create_connection((host, port), timeout=_TIMEOUT_SECONDS).close()
        except OSError:
            return False
        return True

    return probe
