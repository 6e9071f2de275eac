"""Mutual TLS towards upstreams, and where a request comes from behind a balancer that is trusted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.facade.entrance import QUICK, Entrance, until
from tests.integration.facade.scripted import ScriptedUpstream
from tests.integration.facade.shy import Authority, Shy


@pytest.fixture
def platform(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "platform")


@pytest.fixture
def shy(platform: Authority) -> Iterator[Shy]:
    upstream = Shy(tls=platform.server("localhost"))
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
