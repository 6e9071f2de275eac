"""Ways to see that a process is ready."""

import http.client
import socket
import ssl
from urllib.parse import urlsplit

from chassis.supervisor.program import Probe

_TIMEOUT_SECONDS = 2.0


def http_ok(url: str, tls: ssl.SSLContext | None = None) -> Probe:
    """Ready once GET `url` answers 2xx; `tls` says how https is spoken."""
    parts = urlsplit(url)

    def opened() -> http.client.HTTPConnection:
        if parts.scheme == "https":
            return http.client.HTTPSConnection(parts.netloc, timeout=_TIMEOUT_SECONDS, context=tls)
        return http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)

    def probe() -> bool:
        connection = opened()
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
