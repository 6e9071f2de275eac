"""Mutual TLS as a caller has it, with a real server: it believes the platform's own authority and no other, and shows who it is.

What servers refuse is shown on the real ones (`tests/integration/trust/test_tls.py`).
"""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from chassis.callers.mutual import BadCertificate, client_context
from tests.certificates import demanding

HOST = "users.banyan.test"


class Platform:
    """An authority's certificate in a file, with a certificate and a key for one process."""

    def __init__(self, folder: Path, *names: str) -> None:
        folder.mkdir()
        self.ca = trustme.CA()
        issued = self.ca.issue_cert(*(names or ("facade.banyan.test",)))
        self.authority, self.certificate, self.key = (folder / name for name in ("ca.pem", "cert.pem", "key.pem"))
        self.ca.cert_pem.write_to_path(self.authority)
        issued.private_key_pem.write_to_path(self.key)
        for blob in issued.cert_chain_pems:
            blob.write_to_path(self.certificate, append=True)


@pytest.fixture
def ours(tmp_path: Path) -> Platform:
    return Platform(tmp_path / "ours", HOST, "facade.banyan.test")


@pytest.fixture
def others(tmp_path: Path) -> Platform:
    return Platform(tmp_path / "others", HOST)


async def _ask(server: ssl.SSLContext, client: ssl.SSLContext, name: str = HOST) -> tuple[bytes, list[str]]:
    """What the client reads, and for whom the server answered. Raises what goes wrong in the client's own handshake."""
    answered: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        shown = writer.get_extra_info("peercert") or {}
        answered.append(" ".join(value for _, value in shown.get("subjectAltName", ())))
        writer.write(b"hello\n")
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        try:
            writer.write(b"who?\n")
            return await asyncio.wait_for(reader.read(), 30), answered
        finally:
            writer.transport.abort()


def test_both_ends_of_one_platform_understand_each_other(ours: Platform) -> None:
    """The server sees our certificate and answers."""
    server = demanding(ours.authority, ours.certificate, ours.key)
    client = client_context(ours.authority, ours.certificate, ours.key)
    assert asyncio.run(_ask(server, client)) == (b"hello\n", [f"{HOST} facade.banyan.test"])


def test_a_client_refuses_another_authoritys_server(ours: Platform, others: Platform) -> None:
    """An impostor gets no request."""
    server = demanding(others.authority, others.certificate, others.key)
    client = client_context(ours.authority, ours.certificate, ours.key)
    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(_ask(server, client))


def test_a_client_refuses_a_server_of_another_name(ours: Platform) -> None:
    """One process of the platform cannot stand in for another."""
    server = demanding(ours.authority, ours.certificate, ours.key)
    client = client_context(ours.authority, ours.certificate, ours.key)
    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(_ask(server, client, "monolith.banyan.test"))


def test_wrong_files_are_told_when_they_are_read(ours: Platform, others: Platform, tmp_path: Path) -> None:
    """A missing file, one without a certificate, a key of another certificate: by name, at the start."""
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for authority, certificate, key, named in [
        (tmp_path / "none.pem", ours.certificate, ours.key, "none.pem"),
        (empty, ours.certificate, ours.key, "empty.pem"),
        (ours.authority, empty, ours.key, "empty.pem"),
        (ours.authority, ours.certificate, others.key, "key.pem"),
    ]:
        with pytest.raises(BadCertificate, match=named):
            client_context(authority, certificate, key)
