"""Headers: what passes, what is added, what is removed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade import headers


def passed(*given_headers: tuple[bytes, bytes], trust: bool = False) -> dict[bytes, bytes]:
    inbound = headers.read(given_headers, client="10.0.0.1", scheme="http", trust_forwarded=trust)
    lines = b"".join(inbound.lines).split(b"\r\n")
    return dict(line.split(b": ", 1) for line in lines if line)


_ADDED = {b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded", b"x-request-id", b"traceparent"}
_TOKEN = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(str.encode)


@given(st.lists(st.tuples(_TOKEN, st.binary(max_size=20).filter(lambda v: b"\r" not in v and b"\n" not in v)), max_size=12))
def test_end_to_end_headers_pass_in_order(given_headers: list[tuple[bytes, bytes]]) -> None:
    """What is nobody's business here is passed on unchanged, repeated headers too."""
    hidden = headers._NOT_FROM_OUTSIDE
    inbound = headers.read(given_headers, client="c", scheme="http", trust_forwarded=False)
    kept = [b"%b: %b\r\n" % pair for pair in given_headers if pair[0] not in hidden and not pair[0].startswith(b"banyan-")]
    if not any(name == b"connection" for name, _ in given_headers):
        assert inbound.lines[: len(kept)] == kept


@pytest.mark.parametrize("connection", [b"x-a", b"X-A", b"keep-alive, X-A", b"close,x-a ,te", b"Keep-Alive,X-a"])
def test_connection_names_what_stops_here(connection: bytes) -> None:
    """Headers that Connection names stop here; what the facade adds cannot be named away."""
    found = passed((b"connection", connection), (b"x-a", b"1"), (b"x-b", b"2"), (b"x-forwarded-for", b"6.6.6.6"))
    assert set(found) == _ADDED | {b"x-b"}
    assert found[b"x-forwarded-for"] == b"10.0.0.1"


def test_names_a_wsgi_server_confuses_stop_here() -> None:
    """`Banyan_Read` would reach Django as `Banyan-Read` does."""
    assert set(passed((b"banyan_read", b"replica"), (b"banyan-read", b"replica"), (b"x_forwarded_for", b"6"))) == _ADDED


def test_chain_is_kept_only_behind_a_trusted_balancer() -> None:
    """Who stands in front is a setting, not a claim."""
    claim = (b"x-forwarded-for", b"1.2.3.4")
    assert passed(claim)[b"x-forwarded-for"] == b"10.0.0.1"
    assert passed(claim, trust=True)[b"x-forwarded-for"] == b"1.2.3.4, 10.0.0.1"


@pytest.mark.parametrize("host", [b'a";for=6.6.6.6', b"a, b", b"a b"])
def test_host_cannot_forge_forwarded(host: bytes) -> None:
    """A host that could end the quotes is not repeated in them."""
    found = passed((b"host", host))
    assert found[b"forwarded"] == b'for=10.0.0.1;proto=http;host=""'
    assert found[b"x-forwarded-host"] == b""


@pytest.mark.parametrize(
    "trace",
    [
        b"", b"00-1-2-01", b"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        b"00-00000000000000000000000000000000-b7ad6b7169203331-01", b"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ],
)  # fmt: skip
def test_malformed_trace_is_replaced(trace: bytes) -> None:
    """A trace that breaks the standard starts anew."""
    assert passed((b"traceparent", trace))[b"traceparent"] != trace


@pytest.mark.parametrize("request_id", [b"", b"a" * 129, b"with blank", b"a\x00b", b"<script>"])
def test_request_id_that_logs_could_choke_on_is_replaced(request_id: bytes) -> None:
    """Only plain ids of a bounded length are passed on."""
    assert len(passed((b"x-request-id", request_id))[b"x-request-id"]) == 32


def test_answers_marks_stay_inside() -> None:
    """What upstreams tell the facade is read, and not passed on."""
    hop = [(b"connection", b"x-hop"), (b"x-hop", b"1"), (b"transfer-encoding", b"chunked")]
    cookies = [(b"set-cookie", b"a"), (b"set-cookie", b"b")]
    marks = [(b"banyan-position", b"users=1:2"), (b"x-request-id", b"theirs")]
    out = headers.answer([*marks, (b"content-length", b"5"), *hop, *cookies])
    assert out.passed == [(b"content-length", b"5"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    assert (out.marks, out.length) == ({b"banyan-position": b"users=1:2"}, b"5")
