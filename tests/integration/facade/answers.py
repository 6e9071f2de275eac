"""Code that answers a route in the tests of that."""

import asyncio
import json

from facade.problems import Problem
from facade.reply import Reply
from facade.request import Request


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
