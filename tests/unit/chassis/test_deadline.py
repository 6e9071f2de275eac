"""The time that is left goes with the request."""

import pytest
from django.http import HttpRequest, HttpResponse

from chassis import deadline


def request(value: str | None) -> HttpRequest:
    made = HttpRequest()
    made.path = "/api/v1/users/me"
    if value is not None:
        made.META["HTTP_BANYAN_TIMEOUT"] = value
    return made


def seen(value: str | None) -> tuple[int, float]:
    """The answer's status, and what a call inside could have taken of ten seconds."""
    left: list[float] = []

    def view(_: HttpRequest) -> HttpResponse:
        left.append(deadline.remaining(10))
        return HttpResponse()

    status = deadline.DeadlineMiddleware(view)(request(value)).status_code
    return status, left[0] if left else 0


def test_what_the_caller_waits_is_all_that_calls_inside_get() -> None:
    """The header bounds the calls of the request, and nothing after it."""
    status, left = seen("1500")
    assert status == 200
    assert 1 < left <= 1.5
    assert deadline.remaining(10) == 10


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "1e3", "٣", "9" * 10])
def test_what_cannot_be_read_is_no_deadline(value: str | None) -> None:
    """A stranger's header makes no request fail."""
    assert seen(value) == (200, 10)


def test_a_request_that_comes_too_late_is_refused() -> None:
    """Nobody waits for its answer any more."""
    assert seen("0")[0] == 504


def test_an_inner_deadline_only_shortens() -> None:
    """Nobody gives themselves more time than their caller has."""
    with deadline.within(1), deadline.within(60):
        assert deadline.remaining(60) <= 1
