"""Several requests in one go: each is answered in its turn, and after a broken one there is no next."""

from tests.integration.facade.safety.corpus.case import POISON, Case, get, head, passed, post

_Y = head(b"GET /y HTTP/1.1")

CASES: tuple[Case, ...] = (
    passed("pipeline-of-two", get() + _Y, "GET /x", "GET /y"),
    passed("pipeline-of-fifty", get() * 50, *["GET /x"] * 50),
    passed("pipeline-bodies", post(b"Content-Length: 3", body=b"abc") * 3, *["POST /x"] * 3),
    passed(
        "pipeline-framings-mixed",
        post(b"Content-Length: 3", body=b"abc") + post(b"Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n\r\n") + _Y,
        "POST /x",
        "POST /x",
        "GET /y",
    ),
    passed("pipeline-empty-line-between", get() + b"\r\n" + _Y, "GET /x", "GET /y"),
    passed("pipeline-head-then-get", head(b"HEAD /x HTTP/1.1") + _Y, "HEAD /x", "GET /y"),
    passed("pipeline-body-is-poison", post(b"Content-Length: %d" % len(POISON), body=POISON) + _Y, "POST /x", "GET /y"),
    passed(
        "pipeline-chunk-is-poison",
        post(b"Transfer-Encoding: chunked", body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(POISON), POISON)) + _Y,
        "POST /x",
        "GET /y",
    ),
    passed("pipeline-length-zero-then-request", post(b"Content-Length: 0") + _Y, "POST /x", "GET /y"),
    passed("pipeline-no-length-then-request", post() + _Y, "POST /x", "GET /y"),
    Case("pipeline-refused-path-then-request", head(b"GET /internal HTTP/1.1") + _Y, (404, 200), ("GET /y",), open=True),
    Case(
        "pipeline-refused-path-with-body-then-request",
        head(b"POST /internal HTTP/1.1", b"Content-Length: %d" % len(POISON)) + POISON + _Y,
        (404, 200),
        ("GET /y",),
        open=True,
    ),
    Case("pipeline-refused-method-then-request", head(b"TRACE /x HTTP/1.1") + _Y, (405, 200), ("GET /y",), open=True),
    Case("pipeline-close-then-poison", get(b"Connection: close") + POISON, (200,), ("GET /x",)),
    Case("pipeline-close-in-a-list-then-poison", get(b"Connection: x, Close") + POISON, (200,), ("GET /x",)),
    Case(
        "pipeline-body-close-then-poison",
        post(b"Connection: close", b"Content-Length: 3", body=b"abc") + POISON,
        (200,),
        ("POST /x",),
    ),
    Case("pipeline-garbage-then-poison", get() + b"garbage\r\n\r\n" + POISON, (200, 400), ("GET /x",)),
    Case(
        "pipeline-head-then-garbage-then-poison",
        head(b"HEAD /x HTTP/1.1") + b"garbage\r\n\r\n" + POISON,
        (200, 400),
        ("HEAD /x",),
    ),
    passed(
        "pipeline-body-too-long-is-a-method", post(b"Content-Length: 3", body=b"abcdef") + POISON, "POST /x", "defGET /poison"
    ),
    Case("pipeline-body-too-long-then-poison", post(b"Content-Length: 3", body=b"abcdef\r\n") + POISON, (200, 400), ("POST /x",)),
    Case("pipeline-body-too-long-by-a-method", post(b"Content-Length: 3", body=b"abcGET ") + POISON, (200, 400), ("POST /x",)),
    Case("pipeline-body-too-long-by-blanks", post(b"Content-Length: 3", body=b"abc  ") + POISON, (200, 400), ("POST /x",)),
    Case(
        "pipeline-two-framings-then-poison",
        get() + post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n") + POISON,
        (200, 400),
        ("GET /x",),
    ),
    Case(
        "pipeline-broken-chunk-then-poison",
        get() + post(b"Transfer-Encoding: chunked", body=b"3\r\nabcd\r\n0\r\n\r\n") + POISON,
        (200, 400),
        ("GET /x",),
    ),
    Case("pipeline-missing-host-then-poison", get() + b"GET /y HTTP/1.1\r\n\r\n" + POISON, (200, 400), ("GET /x",)),
    Case("pipeline-half-a-head", get() + b"GET /y HTTP/1.1\r\nHo", (200, 408), ("GET /x",)),
    Case("pipeline-half-a-body", get() + post(b"Content-Length: 9", body=b"abc"), (200, 408), ("GET /x",)),
    Case("pipeline-no-empty-line-between", b"GET /x HTTP/1.1\r\nHost: a\r\n" + POISON, (400,)),
    Case("pipeline-http10-then-poison", b"GET /x HTTP/1.0\r\n\r\n" + POISON, (200,), ("GET /x",)),
    Case(
        "pipeline-own-paths", b"".join(head(b"GET %b HTTP/1.1" % own) for own in (b"/healthz", b"/readyz")), (200, 200), open=True
    ),
    Case(
        "pipeline-own-path-with-poison-as-body",
        head(b"POST /healthz HTTP/1.1", b"Content-Length: %d" % len(POISON)) + POISON,
        (200,),
        open=True,
    ),
    Case(
        "pipeline-broken-chunk-to-an-own-path",
        head(b"POST /healthz HTTP/1.1", b"Transfer-Encoding: chunked") + b"x\r\n" + POISON,
        (200,),
    ),
)
