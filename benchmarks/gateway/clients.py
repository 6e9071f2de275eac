"""The requests that are sent: those of 64 signed-in users, each with a browser, a cookie and a token of its own.

All peers get the same bytes but for the path. No `Accept-Encoding` where peers are compared:
every answer must be the same bytes, too.
"""

from hashlib import md5

from benchmarks.gateway.full import token
from chassis.ports import LOOPBACK

CLIENTS = 64
SERIAL = "@@@@@@@@"
"""Where `load.c` puts sixteen digits that it never used before."""


def requests(path: str, *, unseen: bool = False, compressed: bool = False) -> list[bytes]:
    """One GET of every client. `unseen`: each carries a trace, so that no two requests have the same header. `compressed`: each
    accepts gzip.
    """
    accepted = {"Accept-Encoding": "gzip"} if compressed else {}
    trace = {"traceparent": f"00-0af7651916cd43dd{SERIAL}-b7ad6b7169203331-01"} if unseen else {}
    return [_request(path, headers(client) | accepted | trace) for client in range(CLIENTS)]


def headers(client: int) -> dict[str, str]:
    """What a client's browser sends with every request."""
    anonymous = md5(str(client).encode(), usedforsecurity=False).hexdigest()
    return {
        "Host": LOOPBACK,
        "User-Agent": f"Mozilla/5.0 (X11; Linux x86_64; rv:{100 + client}.0) Gecko/20100101 Firefox/{100 + client}.0",
        "Accept": "application/json, text/plain;q=0.9, */*;q=0.5",
        "Accept-Language": "en-GB,en;q=0.7,sv;q=0.3",
        "Cookie": f"banyan_anon={anonymous}; theme=dark",
        "Authorization": f"Bearer {token(client)}",
    }


def _request(path: str, lines: dict[str, str]) -> bytes:
    head = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())]
    return "".join(f"{line}\r\n" for line in [*head, ""]).encode()
