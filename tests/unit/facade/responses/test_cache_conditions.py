"""What the response cache makes of conditions and dates."""

import pytest

from tests.unit.facade.responses.asked import asked, reply
from tests.unit.facade.responses.bench import Bench

SUNDAY = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994")


def test_an_answer_that_streams_has_its_body() -> None:
    """The client has it already, and gets it all the same: a 304 cannot have one."""
    given = Bench().now(asked(if_none_match='"a"'), reply(200, None, cache_control="max-age=60", etag='"a"'))
    assert (given.status, given.body, given.get(b"etag")) == (200, None, b'"a"')


def test_a_304_says_what_is_not_said_of_the_body() -> None:
    """A cookie, a policy, whom a browser may let read it: only what describes the body goes with it."""
    beside = {"set_cookie": "a=b", "content_security_policy": "x", "access_control_allow_origin": "*", "content_location": "/a"}
    of_it = {"content_type": "text/html", "content_language": "de", "content_length": "3"}
    given = Bench().now(asked(if_none_match='"a"'), reply(200, b"one", etag='"a"', **beside, **of_it))
    assert (given.status, given.body) == (304, b"")
    assert {name: given.get(name.replace("_", "-").encode()).decode() for name in (*beside, *of_it)} == beside | dict.fromkeys(
        of_it, ""
    )


@pytest.mark.parametrize("changed", SUNDAY)
@pytest.mark.parametrize("since", SUNDAY)
def test_a_date_has_three_forms(changed: str, since: str) -> None:
    """As RFC 9110, 5.6.7 has them."""
    bench = Bench()
    bench.now(asked(), reply(200, b"one", cache_control="max-age=60", last_modified=changed))
    assert bench.now(asked(if_modified_since=since)).status == 304
    assert bench.now(asked(if_modified_since="Sun Nov  6 08:49:36 1994")).status == 200
