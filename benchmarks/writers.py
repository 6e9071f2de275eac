"""Writers of the users tables, at full speed: the API's statements, sent by pgbench, and the API itself."""

import asyncio
import json
import random
import re
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from benchmarks.platform import Bench
from chassis import env
from chassis.callers.tokens import HEADER, Signer
from chassis.embedded import home

CLIENTS = 8
KEY = "\\set key random({first}, {last})\n"
TOUCH = "UPDATE users_user SET modified = statement_timestamp() WHERE is_active AND id = :key;\n"
STATEMENTS = (
    "UPDATE users_user SET nickname = 'n' || :key, modified = statement_timestamp() WHERE is_active AND id = :key;\n"
    "SELECT * FROM users_user WHERE id = :key;\n",
    f"{TOUCH}INSERT INTO users_address (user_id, kind, label, address_line1, city, country_code)"
    " VALUES (:key, 2, '', '1 High Street', 'York', 'GB') RETURNING id;\n",
    "UPDATE users_user SET address_line1 = '1 Low Street', city = 'York', modified = statement_timestamp()"
    " WHERE is_active AND id = :key;\n",
    f"{TOUCH}SELECT name, value FROM users_preference WHERE user_id = :key ORDER BY name;\n"
    "INSERT INTO users_preference (user_id, name, value) VALUES (:key, 'theme', 'dark')"
    " ON CONFLICT (user_id, name) DO UPDATE SET value = 'light';\n",
)
"""What the writes of `REQUESTS` send to the database, as prepared statements, and nothing around it."""

PLACE = {"lines": ["1 High Street"], "city": "York", "country": "GB"}
REQUESTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("PATCH", "", {"nickname": "N"}),
    ("POST", "/addresses", {"kind": "home", **PLACE}),
    ("PUT", "/addresses/0", PLACE),
    ("PUT", "/preferences", {"theme": "dark"}),
)


class Statements:
    """pgbench with the statements in equal parts, a transaction each."""

    def __init__(self, bench: Bench) -> None:
        self._url = bench.monolith.replace("postgres://", "postgresql://")
        self._files: list[Path] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        with psycopg.connect(self._url) as connection:
            first, last = connection.execute("SELECT min(id), max(id) FROM users_user").fetchone() or (0, 0)
        for number, statements in enumerate(STATEMENTS):
            self._files.append(folder / f"{number}.sql")
            self._files[-1].write_text(f"{KEY.format(first=first, last=last)}BEGIN;\n{statements}COMMIT;\n", encoding="utf-8")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def rate(self, seconds: int) -> float:
        """Transactions a second."""
        program = home.locate(env.var_dir() / "postgres").program("pgbench")
        options = f"--no-vacuum --client {CLIENTS} --jobs 1 --time {seconds} --protocol prepared".split()
        command = [program, *options, *(f"--file={path}" for path in self._files), self._url]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found = re.search(r"tps = ([\d.]+)", told)
        assert found, told
        return float(found[1])


class Api:
    """Clients of the monolith that send their next write when the last one is acknowledged."""

    def __init__(self, bench: Bench) -> None:
        from chassis.identity.tokens import issue

        self._origin = bench.platform.urls["monolith"]
        self._signer = Signer(bench.around.token, "bench", "monolith")
        with psycopg.connect(bench.monolith) as connection:
            rows = connection.execute("SELECT public_id, id FROM users_user WHERE is_active ORDER BY id LIMIT 500").fetchall()
        self._tokens = [issue(*row) for row in rows]

    def rate(self, seconds: int) -> float:
        """Acknowledged writes a second."""
        return asyncio.run(self._run(seconds)) / seconds

    async def _run(self, seconds: int) -> int:
        from migrations_tools.demo.client import Client

        until = time.monotonic() + seconds
        async with Client(self._origin, timeout=20.0) as client:
            return sum(await asyncio.gather(*(self._write(client, number, until) for number in range(CLIENTS))))

    async def _write(self, client: Any, number: int, until: float) -> int:
        dice, written = random.Random(number), 0
        while time.monotonic() < until:
            method, path, body = REQUESTS[written % len(REQUESTS)]
            headers = {"Authorization": f"Bearer {dice.choice(self._tokens)}", HEADER: self._signer.sign().decode()}
            answer = await client.request(method, f"/api/v1/users/me{path}", json.dumps(body).encode(), headers)
            assert 200 <= answer.status < 300, answer.body
            written += 1
        return written
