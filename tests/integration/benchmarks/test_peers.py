"""Who is compared does the same work: the same bytes, on kept connections, with one worker, and no access log."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
import requests as requests_by_http

from benchmarks.gateway import agreement
from benchmarks.gateway.agreement import Disagreement
from benchmarks.gateway.clients import headers, requests
from benchmarks.gateway.lineup import Contender, Ground
from benchmarks.gateway.load import LoadFailed, closed_loop
from benchmarks.gateway.origin import BODIES
from benchmarks.gateway.peers import ENVOY, EXPRESS, FULL, FULL_CANARY, NGINX, PLAIN, Peer, Setting
from benchmarks.gateway.programs import ProgramError, Start
from chassis.ports import free_port
from tests.compiling import needs_compiler
from tests.integration.benchmarks.conftest import PROCESSORS


@pytest.fixture(params=[NGINX, ENVOY, EXPRESS, PLAIN, FULL, FULL_CANARY], ids=lambda peer: peer.name)
def peer(request: pytest.FixtureRequest) -> Peer:
    """Each of them is had everywhere: by wheel, and Express by npm when it is first asked for."""
    found: Peer = request.param
    return found


def _workers(contender: Contender) -> int:
    """Processes that answer requests; of Envoy, threads."""
    main, *others = contender.program.family
    if contender.name == ENVOY.name:
        names = [file.read_text() for file in Path(f"/proc/{main.pid}/task").glob("*/comm")]
        return sum(name.startswith("wrk:worker") for name in names)
    return len(others) or 1


def test_it_does_the_same_work_with_one_worker(ground: Ground, peer: Peer) -> None:
    """What is asked of it before every measurement holds, and nothing is written down about its requests."""
    with ground.running((peer,), PROCESSORS) as (contender,):
        agreement.check(contender, ground.origin)
        assert _workers(contender) == 1
        assert contender.program.resident_mib() > 0
        assert not [file for file in contender.program.folder.rglob("*access*") if file.is_file()]
        assert contender.program.log.read_text().count("GET") == 0


def test_the_full_pipeline_traces(ground: Ground) -> None:
    """What is measured as tracing arrives at a collector that takes it."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    admin = free_port()

    def start(setting: Setting) -> Start:
        found = FULL.start(setting)
        return replace(found, command=[*found.command, "--admin-port", str(admin)])

    with ground.running((replace(FULL, start=start),), PROCESSORS) as (contender,):
        base = f"http://127.0.0.1:{contender.port}"
        asked = requests_by_http.get(base + contender.path("small"), headers=headers(0) | {"traceparent": trace}, timeout=10)
        assert asked.status_code == 200
        deadline = time.monotonic() + 30
        while "spans_exported_total 2\n" not in (
            told := requests_by_http.get(f"http://127.0.0.1:{admin}/metrics", timeout=10).text
        ):
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
        assert "spans_failed_total 0\n" in told


@pytest.mark.parametrize("peer", [NGINX, PLAIN], ids=lambda peer: peer.name)
def test_a_second_worker_is_a_second_worker(ground: Ground, peer: Peer) -> None:
    """Scaling compares with what it says, under a name of its own."""
    with ground.running((peer,), PROCESSORS, workers=2) as (contender,):
        deadline = time.monotonic() + 30
        while _workers(contender) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert _workers(contender) == 2
        assert contender.name == f"{peer.name}, 2 workers"


def _changed(old: str, new: str) -> Peer:
    """nginx with another line in its configuration."""

    def start(setting: Setting) -> Start:
        found = NGINX.start(setting)
        file = setting.folder / "nginx.conf"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        return found

    return Peer("nginx, changed", start)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "keepalive_timeout 1h;\n    keepalive_requests 1000000000;\n    upstream",
            "keepalive_timeout 0;\n    upstream",
            "client",
        ),
        ('proxy_set_header Connection "";', "proxy_set_header Connection close;", "upstream for 20 requests"),
        ("proxy_pass http://origin;", "add_header Content-Type text/plain; return 200 hello;", "not the upstream's"),
    ],
    ids=["client's connections closed", "upstream's connections closed", "another answer"],
)
def test_who_does_other_work_is_refused(ground: Ground, old: str, new: str, fault: str) -> None:
    """Each way of being faster, or slower, by doing something else is seen."""
    with ground.running((_changed(old, new),), PROCESSORS) as (contender,):
        with pytest.raises(Disagreement) as refusal:
            agreement.check(contender, ground.origin)
        assert fault in str(refusal.value)


def test_a_peer_that_cannot_start_says_why(ground: Ground) -> None:
    """The last lines of its log are in the message."""
    with (
        pytest.raises(ProgramError, match="unknown directive"),
        ground.running((_changed("tcp_nodelay on;", "fast;"),), PROCESSORS),
    ):
        pass


@needs_compiler
def test_load_that_is_not_answered_is_no_rate(ground: Ground) -> None:
    """Answers are counted, and must be 200 with the whole body."""
    direct = ground.direct
    size = len(BODIES["small"])
    assert closed_loop(direct.port, requests(direct.path("small"), unseen=True), 4, 1, size).rate > 0
    with pytest.raises(LoadFailed):
        closed_loop(direct.port, requests(replace(direct, place="nowhere").path("small")), 4, 1, size)
    with pytest.raises(LoadFailed):
        closed_loop(direct.port, requests(direct.path("small")), 4, 1, len(BODIES["64 KiB"]))


def test_bodies_are_as_large_as_they_are_called() -> None:
    """About 200 bytes, and 64 KiB exactly."""
    assert 150 <= len(BODIES["small"]) <= 250
    assert len(BODIES["64 KiB"]) == 64 * 1024
    assert all(json.loads(body) for body in BODIES.values())
