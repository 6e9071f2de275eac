"""Code that answers a route in the tests of that."""

import asyncio
import json
from itertools import count

from facade.problems import Problem
from facade.reply import Reply
from facade.request import Request

_numbers = count(1)


async def who(request: Request) -> Reply:
    """Tells who asked for what; breaks, fails, refuses, or never answers, where it is told to."""
    if request.path.endswith("/breaks"):
        raise RuntimeError("a mistake")
    if request.path.endswith("/hangs"):
        await asyncio.Event().wait()
    if request.path.endswith("/fails"):
        return Reply(503, [(b"content-type", b"text/plain")], b"no")
    if request.path.endswith("/gives-up"):
        raise Problem(503, "no-tea", "No tea", "it is out")
    if request.path.endswith("/refuses"):
        raise Problem(418, "teapot", "A teapot", "it does not brew coffee")
    body = json.dumps({"path": request.path, "kind": request.principal.kind}).encode()
    return Reply(200, [(b"content-type", b"application/json")], body)


async def body(request: Request) -> Reply:
    """Gives back what it was sent."""
    return Reply(200, [(b"content-type", b"application/json")], await request.read(1000))


async def numbered(request: Request) -> Reply:
    """Reads have a number each, and may be kept; a write is answered by the place that it names in `X-Location`."""
    if request.method == "GET":
        fields = [(b"cache-control", b"max-age=600"), (b"surrogate-key", b"numbers")]
        return Reply(200, fields, b"%d" % next(_numbers))
    return Reply(201, [(b"location", request.inbound.get(b"x-location"))], b"")
