"""What a real Envoy does with the upstreams of the export: whom it checks, how it calls them, and whom it believes."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.envoys import export, faults, running_envoy
from tests.integration.facade.scripted import Received, ScriptedUpstream, answer
from tests.integration.facade.shy import Authority, Shy

OPEN = '[defaults]\nauthenticate = "none"\n'
CHECKED = f"""{OPEN}
[resilience.monolith]
ejection = {{ failures = 1000 }}
health = {{ path = "/ready?deep", interval = 0.2, timeout = 0.5, unhealthy_after = 2, healthy_after = 2 }}
"""
LIMITED = f'{OPEN}[[routes]]\npath = "/few"\nlimits = ["1/1h per ip"]\n'


@pytest.fixture
def pair() -> Iterator[list[ScriptedUpstream]]:
    """Two instances of a monolith."""
    made = [ScriptedUpstream().start() for _ in range(2)]
    yield made
    for upstream in made:
        upstream.stop()


@pytest.fixture
def shy(tmp_path: Path) -> Iterator[Callable[[Authority, str], Shy]]:
    """`shy(authority, name)`: an upstream that shows a certificate for this name, and asks for one of the same authority."""
    made: list[Shy] = []

    def start(authority: Authority, name: str) -> Shy:
        made.append(Shy(tls=authority.server(name)))
        made[-1].start()
        return made[-1]

    yield start
    for upstream in made:
        upstream.stop()


@pytest.fixture
def platform(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "platform")


def served(upstream: ScriptedUpstream) -> int:
    """How many requests came, checks not counted."""
    return sum(request.target == "/x" for request in upstream.received)


def checked(upstream: ScriptedUpstream) -> int:
    """How many checks came."""
    return sum(request.target == "/ready?deep" for request in upstream.received)


def test_an_unhealthy_instance_is_left_alone_and_all_of_them_are_not(pair: list[ScriptedUpstream], tmp_path: Path) -> None:
    """Two failed checks take it out and not one, two good ones bring it back; while both fail, both are asked."""
    blips = iter([503])

    def hiccup(request: Received) -> bytes:
        return answer(status="503 Unavailable") if request.target == "/ready?deep" and next(blips, None) else answer()

    def sick(request: Received) -> bytes:
        return answer(status="503 Unavailable") if request.target == "/ready?deep" else answer()

    def well(request: Received) -> bytes:
        return answer()

    exported = export(tmp_path, ",".join(one.url for one in pair), CHECKED)
    assert faults(exported) == ""
    with running_envoy(exported) as envoy:

        def asked(times: int = 20) -> list[int]:
            before = [served(one) for one in pair]
            assert {envoy.ask("GET", "/x").status for _ in range(times)} == {200}
            return [served(one) - count for one, count in zip(pair, before, strict=True)]

        until(lambda: min(asked()) > 0)
        pair[0].script, checks = hiccup, checked(pair[0])
        until(lambda: checked(pair[0]) >= checks + 2)
        assert min(asked()) > 0
        pair[0].script = sick
        until(lambda: asked()[0] == 0)
        assert asked(60) == [0, 60]
        pair[1].script = sick
        until(lambda: min(asked()) > 0)
        pair[0].script = well
        until(lambda: asked()[1] == 0)
        pair[1].script = well
        until(lambda: min(asked()) > 0)
    for one in pair:
        hosts = {request.header("host") for request in one.received if request.target == "/ready?deep"}
        assert hosts == {f"127.0.0.1:{one.port}"}


def test_the_connect_timeout_is_carried(unreachable: ScriptedUpstream, tmp_path: Path) -> None:
    """An address that neither answers nor refuses is given up after the declared time, here far less than by default."""
    exported = export(tmp_path, unreachable.url, f"{OPEN}[resilience.default.timeouts]\nconnect = 0.1\n")
    with running_envoy(exported) as envoy:
        began = time.monotonic()
        assert envoy.ask("GET", "/x").status == 503
        assert 0.1 <= time.monotonic() - began < 1.0


def test_an_upstream_by_https_is_of_the_platform_s_authority(
    platform: Authority, shy: Callable[[Authority, str], Shy], tmp_path: Path
) -> None:
    """Both show a certificate of it, so they talk, in checks as well; a stranger who bears the same name gets nothing."""
    own, stranger = shy(platform, "localhost"), shy(Authority(tmp_path / "others"), "localhost")
    for number, (upstream, status) in enumerate(((own, 200), (stranger, 503))):
        folder = tmp_path / str(number)
        folder.mkdir()
        exported = export(folder, f"https://localhost:{upstream.port}", CHECKED, settings=platform.settings())
        assert faults(exported) == ""
        with running_envoy(exported) as envoy:
            assert envoy.ask("GET", "/x").status == status
    assert {request.target for request in own.received} == {"/x", "/ready?deep"}
    assert stranger.received == []


@pytest.mark.parametrize("swapped", [False, True])
def test_each_host_shows_its_own_certificate(
    platform: Authority, shy: Callable[[Authority, str], Shy], tmp_path: Path, swapped: bool
) -> None:
    """By name or by number; one that is another host's opens nothing, though it is of the same authority."""
    names = ["localhost", "127.0.0.1"]
    upstreams = [shy(platform, name) for name in (reversed(names) if swapped else names)]
    urls = [f"https://{name}:{upstream.port}" for name, upstream in zip(names, upstreams, strict=True)]
    exported = export(tmp_path, ",".join(urls), OPEN, settings=platform.settings())
    assert faults(exported) == ""
    with running_envoy(exported) as envoy:
        statuses = {envoy.ask("GET", "/x").status for _ in range(40)}
    assert statuses == {503 if swapped else 200}
    assert [bool(upstream.received) for upstream in upstreams] == [not swapped, not swapped]


@pytest.mark.parametrize(
    ("trusted", "statuses", "begins"), [("yes", [200, 200, 429], "6.6.6.6, 10.0.0.1,"), ("no", [200, 429, 429], "")]
)
def test_who_asked_is_told_by_a_balancer_that_is_trusted(
    monolith: ScriptedUpstream, tmp_path: Path, trusted: str, statuses: list[int], begins: str
) -> None:
    """Then limits count the client that it names, and upstreams see the whole chain; else neither. Nothing else that is claimed
    about the way is passed on in either case.
    """
    exported = export(tmp_path, monolith.url, LIMITED, settings={"FACADE_TRUST_FORWARDED": trusted})
    assert faults(exported) == ""
    claims = ("6.6.6.6, 10.0.0.1", "6.6.6.6, 10.0.0.2", "7.7.7.7, 10.0.0.1")
    with running_envoy(exported) as envoy:
        assert [ask_as(envoy, claim) for claim in claims] == statuses
    first = monolith.received[0]
    chain = first.header("x-forwarded-for") or ""
    assert chain.startswith(begins)
    assert chain.count(",") == begins.count(",")
    assert first.header("x-forwarded-proto") == "http"
    assert {name.lower() for name, _ in first.headers}.isdisjoint({"forwarded", "x-forwarded-host", "x-forwarded-port"})


def ask_as(envoy: Entrance, claim: str) -> int:
    more = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil", "X_Forwarded_Port": "1", "Forwarded": "for=9.9.9.9"}
    return envoy.ask("GET", "/few", X_Forwarded_For=claim, **more).status
