"""A worker's end of the admin port: it answers one question for each connection to a socket of its own, one line of JSON each.

It refuses questions that it does not know by closing the connection; who asks takes that for no answer.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

log = logging.getLogger(__name__)

LONGEST_LINE = 4 << 20
"""Bytes of a question or an answer."""

_BACKLOG = 16
_PATIENCE = 5.0
"""Seconds for a question to arrive, be answered, and be taken."""

Answers = Mapping[str, Callable[[Any], Awaitable[Any]]]
"""By the question's `ask`: given the question, what gives the answer. Both are what JSON can say."""


def door(path: Path) -> socket.socket:
    """A socket at which a worker can be asked. It outlives the worker: whoever asks a dead one waits, as for a busy one."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    listening.listen(_BACKLOG)
    listening.setblocking(False)
    return listening


async def answer_at(listening: socket.socket, answers: Answers) -> asyncio.Server:
    """Answer until the server is closed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                question = orjson.loads(await reader.readline())
                writer.write(orjson.dumps(await answers[question["ask"]](question)) + b"\n")
                await writer.drain()
        except (OSError, LookupError, TypeError, ValueError, TimeoutError) as error:
            log.debug("a question of the admin port was not answered: %r", error)
        finally:
            writer.close()

    return await asyncio.start_unix_server(answer, sock=listening, limit=LONGEST_LINE)
