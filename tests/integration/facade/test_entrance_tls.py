"""The entrance speaks TLS itself: what clients and upstreams see of it, and what bad handshakes do not do."""

import http.client
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import gauge, workers
from tests.integration.facade.safety.crowd import Process
from tests.integration.facade.scripted import Drop, Received, ScriptedUpstream, answer

HOST = "entrance.banyan.test"
CROWD = 300
POLICIES = """
[defaults]
authenticate = "none"

[[routes]]
path = "/bare"
secure = false

[[routes]]
path = "/gathered"
cache = { largest = 8388608 }
"""


@dataclass
class Shown:
    """A certificate in files, of an authority that clients believe; `issue` exchanges it for another."""

    folder: Path
    authority: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        self.certificate, self.key = self.folder / "certificate.pem", self.folder / "key.pem"
        self.issue()

    def issue(self) -> None:
        issued = self.authority.issue_cert(HOST)
        issued.private_key_pem.write_to_path(self.key)
        self.certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))

    def settings(self) -> dict[str, str]:
        return {"FACADE_TLS_CERTIFICATE": str(self.certificate), "FACADE_TLS_KEY": str(self.key)}

    def client(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context


@dataclass
class Secure(Entrance):
    """A facade that is asked by https."""

    shown: Shown | None = None

    def connect(self, room: int = 0) -> ssl.SSLSocket:
        """`room`: bytes that the client's kernel may hold; 0: as many as it likes."""
        assert self.shown is not None
        raw = socket.socket()
        raw.settimeout(10)
        if room:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        raw.connect(("127.0.0.1", self.port))
        return self.shown.client().wrap_socket(raw, server_hostname=HOST)

    def connection(self) -> http.client.HTTPConnection:
        made = http.client.HTTPConnection(HOST, self.port, timeout=10)
        made.sock = self.connect()
        return made


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return Shown(tmp_path_factory.mktemp("shown"))


@pytest.fixture(scope="module")
def running(upstreams: tuple[ScriptedUpstream, ScriptedUpstream], own_valkey: TestValkey, shown: Shown) -> Iterator[Entrance]:
    (shown.folder / "policies.toml").write_text(POLICIES)
    policies = {"FACADE_POLICIES": str(shown.folder / "policies.toml"), "VALKEY_URL": own_valkey.url}
    own = {**policies, **shown.settings(), "FACADE_HEAD_TIMEOUT": "1.5", "FACADE_BODY_TIMEOUT": "1"}
    entrance = Secure(upstreams[0], shown.folder / "var", own, shown=shown).start()
    yield entrance
    entrance.stop()


@pytest.fixture
def secure(entrance: Entrance) -> Secure:
    assert isinstance(entrance, Secure)
    return entrance


def log_of(entrance: Entrance) -> str:
    return (entrance.var / "facade.log").read_text()


def test_https_works(secure: Secure, monolith: ScriptedUpstream) -> None:
    """With the certificate that was set, by HTTP/1.1, on connections that are kept; upstreams are told."""
    with secure.connect() as client:
        assert client.version() in ("TLSv1.2", "TLSv1.3")
    connection = secure.connection()
    for number in range(20):
        connection.request("POST", f"/x/{number}", b"y" * 100_000)
        assert connection.getresponse().read() == b"ok"
    connection.close()
    assert {len(request.body) for request in monolith.received} == {100_000}
    request = monolith.received[0]
    assert request.header("x-forwarded-proto") == "https"
    assert ";proto=https;" in (request.header("forwarded") or "")


@pytest.mark.parametrize("path", ["/x", "/bare"])
@pytest.mark.parametrize("size", [10, 5_000, 60_000, 300_000, 8_000_000])
def test_answers_of_every_size(secure: Secure, monolith: ScriptedUpstream, size: int, path: str) -> None:
    """Bytes are what they were, in one piece, in parts or as they come."""
    body = os.urandom(size)
    monolith.script = lambda request: answer(body)
    connection = secure.connection()
    for _ in range(3):
        connection.request("GET", path)
        assert connection.getresponse().read() == body
    connection.close()


def test_who_takes_the_last_answer_slowly_gets_all_of_it(secure: Secure, monolith: ScriptedUpstream) -> None:
    """One that is written at once, and then no more: what TLS and the kernel hold of it is waited for."""
    body = os.urandom(6_000_000)
    monolith.script = lambda request: answer(body)
    said = bytearray()
    with secure.connect(room=65_536) as client:
        client.sendall(b"GET /gathered HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        while part := client.recv(16_384):
            said += part
            time.sleep(len(part) / 2_000_000)
    assert said.endswith(b"\r\n\r\n" + body)


def test_http2_is_not_offered(secure: Secure, shown: Shown) -> None:
    """A client that would rather speak it is told to speak HTTP/1.1."""
    context = shown.client()
    context.set_alpn_protocols(["h2", "http/1.1"])
    raw = socket.create_connection(("127.0.0.1", secure.port), timeout=10)
    with context.wrap_socket(raw, server_hostname=HOST) as client:
        assert client.selected_alpn_protocol() == "http/1.1"


def test_browsers_are_told_to_stay_with_it(secure: Secure, service: ScriptedUpstream) -> None:
    """HSTS on answers, Secure on cookies."""
    assert (secure.ask("GET", "/x").header("strict-transport-security") or "").startswith("max-age=")
    secure.route("canary", read=50, services=[service])
    until(lambda: gauge(secure, "positions_trusted") == 1)
    assert (secure.ask("GET", "/api/v1/users/x").header("set-cookie") or "").endswith("; Secure")


def test_a_websocket_passes(secure: Secure, monolith: ScriptedUpstream) -> None:
    """Bytes both ways, until one side ends."""

    def echo(request: Received) -> bytes:
        request.wire.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nhello")
        while data := request.wire.recv(100):
            request.wire.sendall(data.upper())
        raise Drop

    monolith.script = echo
    with secure.connect() as client:
        client.sendall(b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly")
        said = b""
        while not said.endswith(b"EARLY"):
            said += client.recv(1000)
        assert said.startswith(b"HTTP/1.1 101 ")
        client.sendall(b"late")
        assert client.recv(100) == b"LATE"
    until(lambda: gauge(secure, "requests_in_flight") == 0)


HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32
BAD_STARTS = (b"", b"\x16", HELLO, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\xff" * 4_000, os.urandom(4_000))


def test_bad_handshakes_hurt_nobody(secure: Secure) -> None:
    """Hundreds of clients that send garbage, half a hello, plain HTTP or nothing at all are let go in time; others are served
    meanwhile, nothing is left of them, and the log stays quiet.
    """
    process, told = Process(secure), len(log_of(secure))
    before = process.memory()
    with ExitStack() as sockets:
        crowd = []
        for number in range(CROWD):
            client = sockets.enter_context(socket.create_connection(("127.0.0.1", secure.port), timeout=10))
            client.sendall(BAD_STARTS[number % len(BAD_STARTS)])
            crowd.append(client)
        for _ in range(30):
            assert secure.ask("GET", "/x").status == 200
        for client in crowd:
            said = b"x"
            while said and not isinstance(said, OSError):
                try:
                    said = client.recv(1000)
                except ConnectionResetError:
                    said = b""
                assert b"HTTP/1.1 200" not in said
    until(lambda: process.clients() == 0)
    assert process.memory() - before < 50
    assert "Traceback" not in log_of(secure)[told:]


def test_a_renewed_certificate_is_shown_to_whoever_comes_next(secure: Secure, shown: Shown) -> None:
    """Without a restart, without a word to those who are connected; files that do not fit each other change nothing."""

    def serial() -> int:
        with secure.connect() as client:
            return int((client.getpeercert() or {})["serialNumber"], 16)  # type: ignore[arg-type]

    first = serial()
    connection = secure.connection()
    connection.request("GET", "/x")
    assert connection.getresponse().read() == b"ok"
    key = shown.key.read_bytes()
    shown.key.write_bytes(trustme.CA().issue_cert(HOST).private_key_pem.bytes())
    until(lambda: "the certificate was refused" in log_of(secure))
    assert serial() == first
    shown.key.write_bytes(key)
    shown.issue()
    until(lambda: serial() != first)
    connection.request("GET", "/x")
    assert connection.getresponse().read() == b"ok"
    connection.close()


def test_a_drain_waits_for_requests_and_not_for_handshakes(monolith: ScriptedUpstream, shown: Shown, tmp_path: Path) -> None:
    """What was asked is answered, and who has said nothing yet keeps nobody."""
    own = {**shown.settings(), "FACADE_DRAIN_TIMEOUT": "20"}
    entrance = Secure(monolith, tmp_path / "var", own, shown=shown)
    entrance.start()
    with socket.create_connection(("127.0.0.1", entrance.port), timeout=10) as silent, entrance.connect() as idle:
        silent.sendall(HELLO[:5])
        assert len(workers(entrance)) == 1
        entrance.stop()  # which waits ten seconds at most
        assert idle.recv(100) == b""


@pytest.mark.parametrize("lacking", ["FACADE_TLS_CERTIFICATE", "FACADE_TLS_KEY"])
def test_one_without_the_other_is_refused(monolith: ScriptedUpstream, shown: Shown, lacking: str) -> None:
    """In one line that names what is missing."""
    assert refusal(monolith, {**shown.settings(), lacking: ""}) == f"facade: {lacking} not set: TLS needs both"


def test_files_that_are_no_certificate_are_refused(monolith: ScriptedUpstream, shown: Shown, tmp_path: Path) -> None:
    """Before anything listens, in one line: files that are not there, not of each other, or locked with a password."""
    other = trustme.CA().issue_cert(HOST).private_key_pem
    other.write_to_path(tmp_path / "other.pem")
    locked = tmp_path / "locked.pem"
    locked.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n")
    for key in (tmp_path / "none.pem", tmp_path / "other.pem", locked, shown.certificate):
        said = refusal(monolith, {**shown.settings(), "FACADE_TLS_KEY": str(key)})
        assert said.startswith(f"facade: {shown.certificate} and {key} are no certificate with its key: ")


def refusal(monolith: ScriptedUpstream, settings: dict[str, str]) -> str:
    """What `serve` says before it gives up."""
    environment = {**os.environ, "MONOLITH_URL": monolith.url, **settings}
    command = [sys.executable, "-m", "facade", "serve", "--port", "1"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    return done.stderr.strip()
