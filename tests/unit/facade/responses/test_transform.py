"""Declared changes: what they do, what they refuse to let through, and what may not be declared."""

import asyncio
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from facade.http1 import request_line
from facade.problems import Problem
from facade.responses import pointer
from facade.responses.transform import Transformed, TransformStage
from tests.unit.facade.responses.asked import Asked, asked, reply


def stage(**declared: object) -> TransformStage:
    return TransformStage(Transformed.model_validate(declared))


def sent(request: Asked, **changes: object) -> Asked:
    waits = stage(request=changes).before(request)
    if waits is not None:
        asyncio.run(_wait(waits))
    return request


async def _wait(waits: Any) -> None:
    await waits


def json_request(body: bytes, content_type: str = "application/json", **fields: str) -> Asked:
    return asked("POST", b"/a", body, content_type=content_type, content_length=str(len(body)), **fields)


def test_request_headers() -> None:
    """Removed, replaced, added; the others keep their order."""
    request = asked(x_a="1", x_b="2", x_c="3")
    sent(request, headers={"remove": ["X-A"], "set": {"X-B": "new"}, "add": {"X-D": "4"}})
    assert request.passed == b"x-c: 3\r\nx-b: new\r\nx-d: 4\r\n"


def test_reply_headers() -> None:
    """The same for answers."""
    given_ = reply(200, b"", server="x", etag='"a"')
    stage(reply={"headers": {"remove": ["Server"], "add": {"X-D": "4"}}}).after(asked(), given_)
    assert given_.fields == [(b"etag", b'"a"'), (b"x-d", b"4")]


@pytest.mark.parametrize(
    ("target", "rewritten"),
    [
        (b"/shop/cart?a=1", b"/api/v1/cart?a=1"), (b"/shop", b"/api/v1"), (b"/shop/", b"/api/v1/"), (b"/shopping", b"/shopping"),
        (b"/%73hop/caf%C3%A9%3F", b"/api/v1/caf%C3%A9%3F"), (b"/shop/a%20b", b"/api/v1/a%20b"),
        (b"/other/shop/x", b"/other/shop/x"),
    ],
)  # fmt: skip
def test_prefix_is_rewritten_at_a_segment(target: bytes, rewritten: bytes) -> None:
    """Also one that is spelled with escapes, which the route table has understood."""
    assert sent(asked("GET", target), rewrite={"from": "/shop", "to": "/api/v1"}).target == rewritten


def test_rewriting_away_the_whole_prefix() -> None:
    """Leaves a path."""
    assert sent(asked("GET", b"/shop"), rewrite={"from": "/shop", "to": "/"}).target == b"/"


@pytest.mark.parametrize(
    "target", [b"/shop/internal/control", b"/shop//internal", b"/shop/INTERNAL;x/a", b"/shop/%69nternal", b"/%73hop/internal"]
)
def test_rewriting_never_opens_what_is_internal(target: bytes) -> None:
    """The check of the path as it was sent knew nothing of the rewritten one."""
    with pytest.raises(Problem) as refused:
        sent(asked("GET", target), rewrite={"from": "/shop", "to": "/"})
    assert refused.value.status == 404


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\\/"), max_size=20))
def test_a_rewritten_path_means_what_the_old_one_meant(rest: str) -> None:
    """Whatever follows the prefix is what followed it, decoded; or the request is refused."""
    try:
        request = asked("GET", f"/%73hop/{quote(rest, safe='')}".encode())
        target = sent(request, rewrite={"from": "/shop", "to": "/new"}).target
    except (ValueError, Problem):
        return
    assert request_line.parse(b"GET %b HTTP/1.1" % target).path == "/new/" + rest


def test_query() -> None:
    """By decoded names; values are encoded."""
    changes = {"remove": ["debug"], "set": {"user": "a&b"}, "add": {"x y": "1"}}
    request = sent(asked("GET", b"/a?de%62ug=1&q=%20&user=mallory&&debug"), query=changes)
    assert request.target == b"/a?q=%20&user=a%26b&x%20y=1"
    assert sent(asked("GET", b"/a?debug"), query={"remove": ["debug"]}).target == b"/a"


def test_members_of_a_request() -> None:
    """Removed and renamed; of two with the same name none slips by."""
    changes = {"remove": ["/is_admin", "/items/*/price"], "rename": {"/user/mail": "email"}}
    body = b'{"is_admin":1,"is_admin":2,"user":{"mail":"a"},"items":[{"price":1,"n":2},{"n":3},7]}'
    content = sent(json_request(body), members=changes).content
    assert content is not None
    assert orjson.loads(content) == {"user": {"email": "a"}, "items": [{"n": 2}, {"n": 3}, 7]}
    assert sent(asked("GET"), members=changes).content is None


def test_what_is_left_keeps_its_value() -> None:
    """Amounts and keys are no floats: nothing is rounded, on either way."""
    kept = b'"sum":19.90,"key":12345678901234567890123,"rate":0.12345678901234567890,"far":1E+400,"name":"\xc3\xa9\xe2\x80\xa8"'
    changes = {"remove": ["/secret"]}
    assert sent(json_request(b'{"secret":1,%b}' % kept), members=changes).content == b"{%b}" % kept
    given_ = reply(200, b'{%b,"secret":{}}' % kept, content_type="application/json")
    stage(reply={"members": changes}).after(asked(), given_)
    assert given_.body == b"{%b}" % kept


DEEP = b"[" * 50_000 + b"]" * 50_000
BROKEN = (DEEP, b"{", b"[NaN]", b'"\xff"', b'"\\ud800"', b"[1E+99999999999999999999]", b"9" * 5_000)
"""What cannot be read, or cannot be held, or cannot be written again."""


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (json_request(b"{"), 400), (json_request(b"a=b", "application/x-www-form-urlencoded"), 415),
        (json_request(b"{}", content_encoding="gzip"), 415), (json_request(b'"' + b"x" * 100_000 + b'"'), 413),
        *((json_request(broken), 400) for broken in BROKEN),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_changed_is_refused(request_: Asked, status: int) -> None:
    """It does not pass unchanged."""
    with pytest.raises(Problem) as refused:
        sent(request_, members={"remove": ["/a"], "largest": 100_000})
    assert refused.value.status == status


def test_what_is_too_long_is_told_in_words_for_who_sent_it() -> None:
    """Nobody outside sets limits of Python."""
    with pytest.raises(Problem) as refused:
        sent(json_request(b'{"a":%b}' % (b"9" * 5_000)), members={"remove": ["/b"]})
    assert refused.value.detail == "an integer has too many digits"


def test_members_of_an_answer() -> None:
    """The upstream is asked for the whole, plain answer; the changed one has a weak tag and no old length."""
    changing = stage(reply={"members": {"remove": ["/secret"]}})
    request = asked(accept_encoding="br", range="bytes=0-1", x_a="1")
    changing.before(request)
    assert request.passed == b"x-a: 1\r\n"
    assert changing.whole == 65536
    given_ = reply(200, b'{"secret": 1, "a": 2}', content_type="application/json", etag='"a"', content_length="21")
    changing.after(request, given_)
    assert (given_.body, given_.get(b"etag"), given_.get(b"content-length")) == (b'{"a":2}', b'W/"a"', b"")
    page = reply(200, None, content_type="text/html")
    changing.after(request, page)
    assert page.body is None


@pytest.mark.parametrize("body", [None, b"[" + b"1," * 50_000 + b"1]", *BROKEN])
def test_an_answer_that_cannot_be_changed_is_withheld(body: bytes | None) -> None:
    """What was to be taken out may be what nobody should see."""
    with pytest.raises(Problem) as refused:
        stage(reply={"members": {"remove": ["/a"], "largest": 100_000}}).after(
            asked(), reply(200, body, content_type="application/json")
        )
    assert refused.value.status == 502


CHANGING = {"members": {"remove": ["/secret"], "largest": 20}}


def test_the_facades_own_refusals_are_left() -> None:
    """They have no members that anybody declared; one that could not be changed would come as a mistake of the facade."""
    refusal = Problem(502, "secret", "No answer", "it is longer than the members that may be changed").reply()
    before = list(refusal.fields), refusal.body
    stage(reply=CHANGING).after(asked(), refusal)
    assert (refusal.fields, refusal.body) == before
    stage(reply={"headers": {"set": {"x-a": "b"}}, **CHANGING}).after(asked(), refusal)
    assert refusal.get(b"x-a") == b"b", "header fields are declared for all answers"
    theirs = reply(502, refusal.body, content_type="application/problem+json")
    with pytest.raises(Problem):
        stage(reply=CHANGING).after(asked(), theirs)


def test_head_tells_nothing_of_the_unchanged_body() -> None:
    """Where the body is there, it is told what GET would be; where it is not, no length."""
    changing = stage(reply=CHANGING)
    get, head = (reply(200, b'{"secret":1,"a":2}', content_type="application/json", etag='"a"') for _ in range(2))
    changing.after(asked(), get)
    changing.after(asked("HEAD"), head)
    assert head == get == reply(200, b'{"a":2}', content_type="application/json", etag='W/"a"')
    bare = reply(200, b"", content_type="application/json", content_length="18", etag='"a"')
    changing.after(asked("HEAD"), bare)
    assert bare == reply(200, b"", content_type="application/json", etag='W/"a"')


@pytest.mark.parametrize(
    ("sent_", "named", "tag"),
    [({}, 'W/"a"', b'W/"a"'), ({}, '"a"', b'"a"'), ({"content_type": "application/json"}, "*", b'W/"a"'),
     ({"content_type": "text/html"}, "*", b'"a"')],
)  # fmt: skip
def test_a_304_has_the_tag_of_its_200(sent_: dict[str, str], named: str, tag: bytes) -> None:
    """Weak where that may be changed: for a client that names it so, or does not tell which it has."""
    given_ = reply(304, b"", etag='"a"', **sent_)
    stage(reply=CHANGING).after(asked(if_none_match=named), given_)
    assert given_.get(b"etag") == tag


def test_everything_wrong_is_said_at_once() -> None:
    """Framing, forwarding, values with line ends, pointers and paths that are none."""
    headers = {"set": {"Host": "x", "X-A": "a\r\nb"}, "remove": ["banyan-read", "x_a"]}
    with pytest.raises(ValidationError) as refused:
        Transformed.model_validate(
            {
                "request": {
                    "headers": headers,
                    "rewrite": {"from": "shop", "to": "/../a"},
                    "members": {"remove": ["a", "", "/~2"]},
                },
                "reply": {"headers": {"add": {"Content-Length": "0"}}, "query": {}},
            }
        )
    assert refused.value.error_count() == 11
    with pytest.raises(ValidationError, match="more than one change to x-a"):
        Transformed.model_validate({"request": {"headers": {"set": {"X-A": "1"}, "remove": ["x-a"]}}})


JSON = st.recursive(
    st.none() | st.integers(0, 9) | st.text("ab~/", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab~/0", max_size=2), inner, max_size=3),
)


@given(JSON, st.lists(st.text("ab~/01*-", max_size=2), min_size=1, max_size=3))
def test_what_was_removed_is_gone(document: Any, steps: list[str]) -> None:
    """A pointer is read as it was written, and members that it names are nowhere afterwards."""
    parsed = pointer.parse(pointer.written(steps))
    assert parsed == tuple(steps)
    pointer.remove(document, parsed)
    assert all(parsed[-1] not in holder for holder in pointer.holders(document, parsed) if isinstance(holder, dict))


def test_explain() -> None:
    """The target as it will be, and the declaration."""
    told = stage(request={"rewrite": {"from": "/a", "to": "/b"}}).explain(asked("GET", b"/a/1"))
    assert told == '/b/1; {"request":{"rewrite":{"from":"/a","to":"/b"}}}'
