"""A real Envoy takes the export, and routes by it."""

import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.integration.facade.entrance import Entrance
from tests.integration.facade.envoys import Exported, export, faults, running_envoy
from tests.integration.facade.scripted import Received, ScriptedUpstream, answer

KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
POLICIES = """
[defaults]
authenticate = "optional"
[[routes]]
path = "/mine"
authenticate = "required"
[[routes]]
path = "/few"
limits = ["3/1h per ip", "100/1d per ip"]
[resilience.default.deadline]
total = 20
"""


@pytest.fixture(scope="module")
def exported(upstreams: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A canary of 30 %."""
    return exported_in("canary", upstreams, tmp_path_factory.mktemp("export"))


def exported_in(phase: str, upstreams: tuple[ScriptedUpstream, ScriptedUpstream], folder: Path) -> Exported:
    monolith, service = upstreams
    key = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "one", "alg": "RS256", "use": "sig"}
    return export(folder, monolith.url, POLICIES, phase=phase, services=[service.url], keys=[key])


@pytest.fixture(scope="module")
def envoy(exported: Exported) -> Iterator[Entrance]:
    with running_envoy(exported) as client:
        yield client


def token(key: rsa.RSAPrivateKey = KEY) -> str:
    claims = {"iss": "banyan", "aud": "banyan", "sub": "someone", "exp": int(time.time()) + 600}
    return "Bearer " + jwt.encode(claims, key, algorithm="RS256", headers={"kid": "one"})


def test_envoy_takes_the_export(exported: Exported) -> None:
    """Envoy's own check of a configuration finds nothing wrong with it."""
    assert faults(exported) == ""


def test_what_is_not_carried_is_said(exported: Exported) -> None:
    """On standard error, and in the file itself."""
    for what in ("read-your-writes", "421 replay", "sticky cohorts", "shadow"):
        assert f"facade: not carried over: {what}" in exported.said
        assert f"#   {what}" in exported.file.read_text()


@pytest.mark.parametrize("path", ["/", "/api/v1/usersx", "/api/v1/users.json", "/api/v1"])
def test_prefixes_end_at_a_slash(envoy: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, path: str) -> None:
    """A path that only begins like a context's belongs to the monolith: no read of it goes to the service."""
    for _ in range(20):
        assert envoy.ask("GET", path).status == 200
    assert (len(monolith.received), len(service.received)) == (20, 0)


def test_the_canary_has_about_its_share_of_reads(envoy: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """Of 400 reads 120 are expected at the service, ± 5 standard deviations; each is marked as a replica's."""
    for _ in range(400):
        envoy.ask("GET", "/api/v1/users/1?x=1")
    assert len(monolith.received) + len(service.received) == 400
    assert 74 <= len(service.received) <= 166
    assert {request.header("banyan-read") for request in service.received} == {"replica"}
    assert {request.header("banyan-read") for request in monolith.received} == {None}


def test_writes_go_to_the_authority(envoy: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """None of the canary's share is a write."""
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for _ in range(10):
            assert envoy.ask(method, "/api/v1/users", b"{}").status == 200
    assert (len(monolith.received), len(service.received)) == (50, 0)


@pytest.mark.parametrize(
    "path",
    [
        "/internal",
        "/internal/control/routes",
        "//internal/x",
        "/INTERNAL/x",
        "/x/../internal",
        "/%69nternal",
        "/internal;a",
        "/metrics",
    ],
)
def test_internal_is_refused(envoy: Entrance, monolith: ScriptedUpstream, path: str) -> None:
    """In every spelling that an upstream could understand."""
    assert envoy.ask("GET", path).status == 404
    assert not monolith.received


def test_an_escaped_slash_and_trace_are_refused(envoy: Entrance, monolith: ScriptedUpstream) -> None:
    """Neither reaches an upstream."""
    assert envoy.ask("GET", "/%2finternal").status == 400
    assert envoy.ask("TRACE", "/").status == 405
    assert not monolith.received


def test_forged_headers_are_removed(envoy: Entrance, monolith: ScriptedUpstream) -> None:
    """What a caller claims about itself does not arrive, what Envoy knows of it does."""
    forged = {
        "banyan_subject": "x", "Banyan_Anything": "x", "x_forwarded_for": "6.6.6.6", "x_forwarded_host": "evil",
        "forwarded": "for=6.6.6.6", "x_real_ip": "6.6.6.6", "x_forwarded_proto": "https", "x_envoy_max_retries": "9",
        "x_api_key": "x",
    }  # fmt: skip
    envoy.ask("GET", "/", None, **forged)
    envoy.raw(b"GET / HTTP/1.1\r\nHost: x\r\nBanyan_Subject: x\r\nConnection: close\r\n\r\n")
    named, underscored = monolith.received
    names = {name.lower() for name, _ in named.headers}
    assert not {name for name in names if name.startswith(("banyan", "x-envoy-max"))}
    assert not names & {"forwarded", "x-real-ip", "x-forwarded-host", "x-api-key"}
    assert named.header("x-forwarded-proto") == "http"
    ip_address(named.header("x-forwarded-for") or "")  # one, and Envoy's: for a caller on the loopback it names its own host
    assert named.header("x-forwarded-for") != "6.6.6.6"
    assert underscored.header("banyan_subject") is None


def test_marks_of_upstreams_do_not_leave(envoy: Entrance, monolith: ScriptedUpstream) -> None:
    """Positions and epochs are spoken inside only."""
    monolith.script = lambda request: answer(Banyan_Position="users:1", X_Mine="yes")
    reply = envoy.ask("GET", "/")
    assert (reply.header("banyan-position"), reply.header("x-mine")) == (None, "yes")


def test_tokens_are_checked(envoy: Entrance, monolith: ScriptedUpstream) -> None:
    """Required where it is, optional elsewhere; a bad one is refused in both cases, a good one is passed on."""
    foreign = token(rsa.generate_private_key(public_exponent=65_537, key_size=2048))
    assert envoy.ask("GET", "/mine").status == 401
    assert envoy.ask("GET", "/mine", Authorization=foreign).status == 401
    assert envoy.ask("GET", "/", Authorization=foreign).status == 401
    assert not monolith.received
    good = token()
    assert envoy.ask("GET", "/mine", Authorization=good).status == 200
    assert monolith.received[0].header("authorization") == good


def test_limits_per_address_are_kept(envoy: Entrance, monolith: ScriptedUpstream) -> None:
    """The bucket of three is empty after three; other paths have none."""
    assert [envoy.ask("GET", "/few").status for _ in range(5)] == [200, 200, 200, 429, 429]
    assert envoy.ask("GET", "/fewer").status == 200


def test_what_was_not_executed_is_repeated_and_else_nothing(envoy: Entrance, monolith: ScriptedUpstream) -> None:
    """An answer of 503 is an answer: a write is not sent again."""

    def refuse(request: Received) -> bytes:
        return answer(status="503 Busy")

    monolith.script = refuse
    assert envoy.ask("POST", "/orders", b"{}").status == 503
    assert len(monolith.received) == 1


def test_the_side_with_authority_answers(
    upstreams: tuple[ScriptedUpstream, ScriptedUpstream], monolith: ScriptedUpstream, service: ScriptedUpstream, tmp_path: Path
) -> None:
    """After the hand-over everything of the context is the service's, as its own and not as a replica's; the rest is not."""
    with running_envoy(exported_in("service", upstreams, tmp_path)) as envoy:
        for method in ("GET", "POST"):
            assert envoy.ask(method, "/api/v1/users/me").status == 200
        assert envoy.ask("GET", "/api/v1/orders").status == 200
    assert [(request.method, request.header("banyan-read")) for request in service.received] == [("GET", None), ("POST", None)]
    assert [request.target for request in monolith.received] == ["/api/v1/orders"]
