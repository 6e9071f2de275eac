"""Mutual TLS towards upstreams, and where a request comes from behind a balancer that is trusted."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from chassis.callers.mutual import server_context
from tests.integration.facade.entrance import QUICK, Entrance, until
from tests.integration.facade.scripted import ScriptedUpstream


@dataclass
class Shy(ScriptedUpstream):
    """An upstream that only talks to who shows a certificate of its authority."""

    tls: ssl.SSLContext | None = None

    def _serve(self, connection: socket.socket, number: int) -> None:
        assert self.tls is not None
        try:
            secure = self.tls.wrap_socket(connection, server_side=True)
        except (ssl.SSLError, OSError):
            connection.close()
            return
        super()._serve(secure, number)


class Authority:
    """An authority, and one certificate of it, in files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        ca = trustme.CA()
        issued = ca.issue_cert("localhost", "facade.banyan.test")
        self.ca, self.certificate, self.key = (folder / name for name in ("ca.pem", "certificate.pem", "key.pem"))
        ca.cert_pem.write_to_path(self.ca)
        issued.cert_chain_pems[0].write_to_path(self.certificate)
        issued.private_key_pem.write_to_path(self.key)

    def settings(self) -> dict[str, str]:
        return {
            "FACADE_UPSTREAM_CA": str(self.ca),
            "FACADE_UPSTREAM_CERTIFICATE": str(self.certificate),
            "FACADE_UPSTREAM_KEY": str(self.key),
        }


@pytest.fixture
def platform(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "platform")


@pytest.fixture
def shy(platform: Authority) -> Iterator[Shy]:
    upstream = Shy(tls=server_context(platform.ca, platform.certificate, platform.key))
    upstream.feed = {"version": 1, "contexts": {}}
    upstream.start()
    yield upstream
    upstream.stop()


def facing(upstream: ScriptedUpstream, var: Path, settings: dict[str, str]) -> Entrance:
    return Entrance(upstream, var, {"MONOLITH_URL": f"https://localhost:{upstream.port}", **settings}).start()


def test_an_upstream_that_asks_for_a_certificate_gets_ours(shy: Shy, platform: Authority, tmp_path: Path) -> None:
    """Both ends are of one authority, so they talk."""
    entrance = facing(shy, tmp_path / "var", platform.settings())
    try:
        assert entrance.ask("GET", "/x").body == b"ok"
    finally:
        entrance.stop()


def test_another_authority_s_certificate_opens_nothing(shy: Shy, tmp_path: Path) -> None:
    """Neither end talks to a stranger, and the client is told that nothing was executed."""
    entrance = facing(shy, tmp_path / "var", Authority(tmp_path / "others").settings())
    try:
        assert entrance.ask("GET", "/x").status == 503
        assert shy.received == []
    finally:
        entrance.stop()


@pytest.mark.parametrize(("trusted", "statuses"), [("yes", [200, 200, 429]), ("no", [200, 429, 429])])
def test_limits_count_the_client_behind_a_trusted_balancer(
    monolith: ScriptedUpstream, tmp_path: Path, trusted: str, statuses: list[int]
) -> None:
    """The address that the balancer tells, where one is trusted; else the one that connects, whatever it claims."""
    file = tmp_path / "gateway.toml"
    file.write_text('[defaults]\nauthenticate = "none"\n[[routes]]\npath = "/x"\nlimits = ["1/1h per ip"]\n')
    settings = {**QUICK, "FACADE_POLICIES": str(file), "FACADE_TRUST_FORWARDED": trusted}
    entrance = Entrance(monolith, tmp_path / "var", settings).start()
    try:
        until(lambda: entrance.ask("GET", "/readyz").status == 200)
        claims = ("6.6.6.6, 10.0.0.1", "6.6.6.6, 10.0.0.2", "7.7.7.7, 10.0.0.1")
        assert [entrance.ask("GET", "/x", X_Forwarded_For=claim).status for claim in claims] == statuses
    finally:
        entrance.stop()
