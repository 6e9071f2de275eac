"""Asks the admin port of a running facade, from a command line. It refuses to wait longer than that may take."""

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from facade import recorded

_SECONDS = 5.0
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 nothing is bound here


class NoFacade(Exception):
    """No facade answers there; the message says where, and why, in one line."""


def address(environment: Mapping[str, str]) -> str:
    """Where the admin port is: as for `serve`, else FACADE_ADMIN_URL, else as a running `manage.py up` has recorded it. Raises
    `NoFacade`.
    """
    if (port := environment.get("FACADE_ADMIN_PORT", "")) not in ("", "0"):
        host = environment.get("FACADE_ADMIN_HOST", "")
        return f"http://{'127.0.0.1' if host in ('', *_EVERYWHERE) else host}:{port}"
    if url := environment.get("FACADE_ADMIN_URL"):
        return url
    if url := recorded.platform(environment).get("facade_admin"):
        return str(url)
    raise NoFacade(
        "nobody knows where an admin port is: set FACADE_ADMIN_PORT as for the facade, or name its address with --from"
    )


def get(url: str, path: str, names: Sequence[str] = ()) -> Any:
    """What the admin port at `url` tells under this path: a document with members of these names. Raises `NoFacade`."""
    return _known(url, _ask(url, "GET", path, None), names)


def post(url: str, path: str, question: Any, names: Sequence[str] = ()) -> Any:
    """What it answers to a question, as above. Raises `NoFacade`."""
    return _known(url, _ask(url, "POST", path, json.dumps(question).encode()), names)


def _known(url: str, found: Any, names: Sequence[str]) -> Any:
    if not isinstance(found, dict) or not found.keys() >= set(names):
        raise NoFacade(f"what answers at {url} is no admin port: it told JSON of another kind")
    return found


def _ask(url: str, method: str, path: str, body: bytes | None) -> Any:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme != "http":
            raise ValueError(f"an admin port speaks http, not {parts.scheme}")
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
        connection.request(method, path, body)
        answer = connection.getresponse()
        told = answer.read()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoFacade(f"no facade answers at {url}: {error}") from error
    try:
        found = json.loads(told)
    except ValueError as error:
        raise NoFacade(f"what answers at {url} is no admin port: it told {answer.status} and no JSON") from error
    if answer.status != 200:
        raise NoFacade(f"the facade at {url} answered {answer.status}: {_detail(found)}")
    return found


def _detail(found: Any) -> Any:
    return found.get("detail", found) if isinstance(found, dict) else found
