"""Bodies: which are kept, which are spooled, which stream, which are refused."""

import asyncio
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from facade import headers
from facade.entrance.wire import ClientGone
from facade.headers import Inbound
from facade.problems import Problem
from facade.replay import NONE, Body, Kept, Spooled, Streamed, open_body
from facade.upstream import Connection


class Wire(Connection):
    """A connection that only remembers what is written."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data


class Sent:
    """A client that sends these parts, and then has sent all, or goes away."""

    def __init__(self, *parts: bytes, gone: bool) -> None:
        self._parts = [part for part in parts if part]
        self._gone = gone

    @property
    def body_complete(self) -> bool:
        return not self._parts and not self._gone

    async def part(self) -> bytes:
        if not self._parts and self._gone:
            raise ClientGone
        return self._parts.pop(0) if self._parts else b""


def inbound(length: int | None, *, framed: bool = True) -> Inbound:
    framing = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
    return headers.inbound(framing if framed else b"")


def opened(
    folder: Path, *parts: bytes, length: int | None = None, spool: int | None = None, gone: bool = False
) -> tuple[Body, bytes, bytes]:
    """The body, and what it sends the first and the second time (b"" when it cannot)."""

    async def run() -> tuple[Body, bytes, bytes]:
        body = await open_body(inbound(length), Sent(*parts, gone=gone), keep=10, spool_limit=spool, folder=folder)
        return body, await sent(body), await sent(body) if body.repeatable else b""

    async def sent(body: Body) -> bytes:
        wire = Wire(asyncio.get_running_loop())
        wire.write(body.head())
        await body.rest(wire, 1)
        return wire.written

    return asyncio.run(run())


def framed(data: bytes) -> bytes:
    return b"content-length: %d\r\n\r\n%b" % (len(data), data)


def test_no_body_has_no_framing(tmp_path: Path) -> None:
    """A GET stays a GET: no length is made up for it."""
    body = asyncio.run(open_body(inbound(None, framed=False), Sent(gone=False), keep=10, spool_limit=None, folder=tmp_path))
    assert body is NONE
    assert body.head() == b"\r\n"


@pytest.mark.parametrize(
    ("parts", "length"), [((b"abc", b"def"), 6), ((b"abc", b"def"), None), ((b"",), 0), ((b"0123456789",), None)]
)
def test_small_body_is_kept(tmp_path: Path, parts: tuple[bytes, ...], length: int | None) -> None:
    """Up to the limit a body can be sent as often as it takes."""
    body, first, second = opened(tmp_path, *parts, length=length)
    assert isinstance(body, Kept)
    assert first == second == framed(b"".join(parts))


@pytest.mark.parametrize("length", [12, None])
def test_large_body_is_spooled_where_it_may_be_needed_again(tmp_path: Path, length: int | None) -> None:
    """Towards a context that may change hands it goes to disk, and can be sent again from there."""
    body, first, second = opened(tmp_path, b"0123456", b"789ab", length=length, spool=20)
    assert isinstance(body, Spooled)
    assert first == second == framed(b"0123456789ab")
    assert list(tmp_path.iterdir()) == [], "the file has no name"


@pytest.mark.parametrize("length", [21, None])
def test_trap_21_body_beyond_the_limit_is_refused(tmp_path: Path, length: int | None) -> None:
    """What could not be repeated is not begun."""
    with pytest.raises(Problem) as refused:
        opened(tmp_path, b"0123456789", b"0123456789", b"x", length=length, spool=20)
    assert refused.value.status == 413


@pytest.fixture
def room() -> Iterator[int]:
    """So many bytes any file of this process may have, as if the disk were full then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    yield 100
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("more", [1, 1_000_000])
def test_a_body_that_the_disk_does_not_take_is_refused(tmp_path: Path, room: int, more: int) -> None:
    """Before anything of it is sent, and its client is told that nothing was: it may send it again."""
    with pytest.raises(Problem) as refused:
        opened(tmp_path, b"x" * room, b"y" * more, spool=10_000_000)
    assert (refused.value.status, refused.value.slug, refused.value.retry_after) == (503, "no-room", 1)
    (tmp_path / "taken").touch()
    with pytest.raises(Problem, match="no-room"):
        opened(tmp_path / "taken", b"x" * 11, spool=100)


def test_large_body_streams_elsewhere(tmp_path: Path) -> None:
    """Where nothing is ever repeated a body passes through as it was framed, chunks ended properly."""
    body, first, _ = opened(tmp_path, b"0123456", b"789ab", length=12)
    assert isinstance(body, Streamed)
    assert first == framed(b"0123456789ab")
    body, first, _ = opened(tmp_path, b"0123456", b"789ab", b"", b"c")
    assert first == b"transfer-encoding: chunked\r\n\r\n" + b"c\r\n0123456789ab\r\n" + b"1\r\nc\r\n" + b"0\r\n\r\n"
    assert not body.repeatable


@pytest.mark.parametrize(("length", "spool"), [(6, None), (None, None), (15, 20), (None, 20)])
def test_client_that_leaves_leaves_no_body(tmp_path: Path, length: int | None, spool: int | None) -> None:
    """Half a body is none."""
    with pytest.raises(ClientGone):
        opened(tmp_path, b"abc", gone=True, length=length, spool=spool)
