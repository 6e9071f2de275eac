"""Headers: what passes, what is added, what is removed."""

from time import monotonic, sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade import headers, onward
from facade.http1 import date
from facade.http1.grammar import BadHead

Pairs = tuple[tuple[bytes, bytes], ...]


def block(*pairs: tuple[bytes, bytes]) -> bytes:
    return b"\r\n".join(b"%b: %b" % pair for pair in pairs)


def passed(*pairs: tuple[bytes, bytes], trust: bool = False, host: bytes = b"") -> dict[bytes, bytes]:
    found = headers.inbound(block(*pairs))
    lines = onward.Onward(b"10.0.0.1", trust=trust).lines(found, found.lines, host, b"http")
    told = dict(line.split(b": ", 1) for line in lines.split(b"\r\n") if line)
    return told | dict(zip((b"x-request-id", b"traceparent"), onward.identify(found), strict=True))


_ADDED = {b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded", b"x-request-id", b"traceparent"}
_TOKEN = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(str.encode)
_VALUE = st.binary(max_size=20).filter(lambda v: v == v.strip() and all(b >= 0x20 and b != 0x7F for b in v))


@given(st.lists(st.tuples(_TOKEN, _VALUE), max_size=12))
def test_end_to_end_headers_pass_in_order(pairs: list[tuple[bytes, bytes]]) -> None:
    """What is nobody's business here is passed on unchanged, repeated headers too."""
    mine = [pair for pair in pairs if pair[0] not in headers._NOT_FROM_OUTSIDE | {b"authorization", b"idempotency-key"}]
    found = headers.inbound(block(*mine))
    assert found.lines == b"".join(b"%b: %b\r\n" % pair for pair in mine if not pair[0].startswith(b"banyan-"))
    assert found.fields == tuple(mine)


@pytest.mark.parametrize("connection", [b"x-a", b"X-A", b"keep-alive, X-A", b"close,x-a ,te", b"Keep-Alive,X-a"])
def test_connection_names_what_stops_here(connection: bytes) -> None:
    """Headers that Connection names stop here; what the facade adds cannot be named away."""
    found = passed((b"connection", connection), (b"x-a", b"1"), (b"x-b", b"2"), (b"x-forwarded-for", b"6.6.6.6"))
    assert set(found) == _ADDED | {b"x-b"}
    assert found[b"x-forwarded-for"] == b"10.0.0.1"


def test_what_stops_here_decides_nothing() -> None:
    """Otherwise an upstream's answer to a request without it would be kept, or given, as the answer to one with it."""
    pairs = [(b"accept-language", b"de"), (b"cookie", b"a=b"), (b"authorization", b"Bearer x"), (b"idempotency-key", b"k")]
    found = headers.inbound(block((b"Connection", b"Accept-Language, cookie, authorization, idempotency-key"), *pairs))
    assert [name for name, _ in found.fields] == [b"connection"]
    assert [found.cookie, found.authorization, found.idempotency_key, found.get(b"accept-language")] == [b""] * 4
    balancer = headers.inbound(block((b"connection", b"x-forwarded-for"), (b"x-forwarded-for", b"1.2.3.4")))
    assert balancer.forwarded_for == b"1.2.3.4"


def test_names_a_wsgi_server_confuses_stop_here() -> None:
    """`Banyan_Read` would reach Django as `Banyan-Read` does."""
    assert set(passed((b"banyan_read", b"replica"), (b"Banyan-Read", b"replica"), (b"x_forwarded_for", b"6"))) == _ADDED


def test_chain_is_kept_only_behind_a_trusted_balancer() -> None:
    """Who stands in front is a setting, not a claim."""
    claim = (b"x-forwarded-for", b"1.2.3.4")
    assert passed(claim)[b"x-forwarded-for"] == b"10.0.0.1"
    assert passed(claim, trust=True)[b"x-forwarded-for"] == b"1.2.3.4, 10.0.0.1"


def test_forwarded_names_who_the_balancer_names() -> None:
    """Both forms of the field tell of the same client."""
    found = passed((b"x-forwarded-for", b"1.2.3.4, 2001:db8::7"), trust=True, host=b"a")
    assert found[b"x-forwarded-for"] == b"1.2.3.4, 2001:db8::7, 10.0.0.1"
    assert found[b"forwarded"] == b'for="[2001:db8::7]";proto=http;host="a"'


@given(
    st.lists(st.tuples(st.sampled_from([b"a: 1", b"b: 2", b"x-forwarded-for: 9"]), st.booleans(), st.sampled_from([b"h", b"i"])))
)
def test_what_is_told_of_a_client_does_not_depend_on_its_requests_before(requests: list[tuple[bytes, bool, bytes]]) -> None:
    """What is remembered of the last request is used for the same one only."""
    kept = onward.Onward(b"10.0.0.1", trust=True)
    for text, secure, host in requests:
        asked = (headers.inbound(text), headers.inbound(text).lines, host, b"https" if secure else b"http")
        assert kept.lines(*asked) == onward.Onward(b"10.0.0.1", trust=True).lines(*asked)


def test_ids_are_new_each_time() -> None:
    """Numbers are drawn many at a time; none is given twice, also where one store ends and the next begins."""
    found = headers.inbound(b"")
    ids = {onward.identify(found) for _ in range(2_000)}
    assert len(ids) == 2_000
    assert all(len(request_id) == 32 and trace == b"00-%b-%b-00" % (request_id, request_id[16:]) for request_id, trace in ids)


@pytest.mark.parametrize(("said", "scheme"), [(b"https", b"https"), (b"http", b"http"), (b"gopher", b""), (b"https, http", b"")])
def test_scheme_that_a_balancer_tells(said: bytes, scheme: bytes) -> None:
    """Only the two schemes that there are are believed."""
    assert headers.inbound(block((b"x-forwarded-proto", said))).forwarded_proto == scheme


@pytest.mark.parametrize("host", [b'a";for=6.6.6.6', b"a, b", b"a b", b"a/b", b"a@b", b"[::1", b"a:99999999"])
def test_host_that_is_none_is_refused(host: bytes) -> None:
    """A host that could end the quotes of `Forwarded`, or that names two, goes nowhere."""
    with pytest.raises(BadHead):
        headers.inbound(block((b"host", host)))


@pytest.mark.parametrize("host", [b"shop.example", b"a:8080", b"[::1]:80", b"10.0.0.1"])
def test_host_is_told(host: bytes) -> None:
    """The host that the client asked for is known to the upstream, in both forms."""
    found = passed((b"host", host), host=host)
    assert found[b"x-forwarded-host"] == host
    assert found[b"forwarded"] == b'for=10.0.0.1;proto=http;host="%b"' % host


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


@pytest.mark.parametrize("request_id", [b"", b"a" * 129, b"with blank", b"a\x80b", b"<script>"])
def test_request_id_that_logs_could_choke_on_is_replaced(request_id: bytes) -> None:
    """Only plain ids of a bounded length are passed on."""
    assert len(passed((b"x-request-id", request_id))[b"x-request-id"]) == 32


def test_answers_marks_stay_inside() -> None:
    """What upstreams tell the facade is read, and not passed on."""
    hop = ((b"connection", b"x-hop"), (b"x-hop", b"1"), (b"keep-alive", b"timeout=5"))
    cookies = ((b"set-cookie", b"a"), (b"set-cookie", b"b"))
    marks = ((b"banyan-position", b"users=1:2"), (b"x-request-id", b"theirs"))
    found = headers.outbound(block(*marks, (b"content-length", b"5"), *hop, *cookies))
    assert found.lines == b"set-cookie: a\r\nset-cookie: b\r\n"
    assert (found.marks, found.length) == ({b"banyan-position": b"users=1:2"}, 5)


def test_an_answer_without_a_date_has_that_of_its_coming() -> None:
    """Also a second later, when its header is remembered; an upstream's own date is passed on as it is."""
    own = headers.received(b"date: then\r\netag: x")
    assert (own.lines, own.passed) == (b"date: then\r\netag: x\r\n", ((b"date", b"then"), (b"etag", b"x")))
    blocks = (b"etag: x", b"etag: " + b"x" * 5_000, b"etag: x\r\nconnection: date\r\ndate: then")
    before, deadline = date.now(), monotonic() + 5
    while True:
        now = date.now()
        for found in map(headers.received, blocks):
            assert found.passed[-1] in ((b"date", now), (b"date", date.now()))
            assert found.lines.endswith(b"\r\ndate: %b\r\n" % found.passed[-1][1])
            assert found.lines.count(b"date: ") == 1
        if now != before:
            break
        assert monotonic() < deadline
        sleep(0.05)
