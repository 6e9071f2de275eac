"""Asks all workers at once. It refuses to wait for any of them longer than a moment: who is busy or dead has no answer."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from facade.admin.inside import LONGEST_LINE

_SECONDS = 1.0


async def ask(path: Path, question: Any, seconds: float = _SECONDS) -> Any:
    """What the worker behind this socket answers; None without an answer in time."""
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_LINE)
            try:
                writer.write(orjson.dumps(question) + b"\n")
                return orjson.loads(await reader.readline())
            finally:
                writer.close()
    except (OSError, ValueError, TimeoutError):
        return None


async def ask_all(paths: Sequence[Path], question: Any, seconds: float = _SECONDS) -> dict[int, Any]:
    """The answers by the workers' numbers."""
    answers = await asyncio.gather(*(ask(path, question, seconds) for path in paths))
    return {worker: answer for worker, answer in enumerate(answers) if answer is not None}


async def ask_one(paths: Sequence[Path], question: Any, seconds: float = _SECONDS) -> tuple[int, Any] | None:
    """The number and the answer of the first in turn that answers."""
    for worker, path in enumerate(paths):
        if (answer := await ask(path, question, seconds)) is not None:
            return worker, answer
    return None
