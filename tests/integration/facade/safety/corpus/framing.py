"""Where does the body end? Lengths and codings that contradict each other, or that parsers read in different ways."""

from tests.integration.facade.safety.corpus.case import POISON, Case, passed, post, refused

_LAST = b"0\r\n\r\n"
_CHUNKED = b"Transfer-Encoding: chunked"


def _coding(name: str, line: bytes, status: int = 501) -> Case:
    """A coding that one parser takes for chunked and another does not: the body would end here, or after the poison."""
    return refused(f"te-{name}", post(line, body=_LAST + POISON), status)


def _both(name: str, *lines: bytes) -> Case:
    return refused(f"cl-te-{name}", post(*lines, body=_LAST + POISON))


def _length(name: str, *values: bytes) -> Case:
    return refused(f"cl-{name}", post(*[b"Content-Length: " + value for value in values], body=b"hello" + POISON))


CASES: tuple[Case, ...] = (
    # Both framings at once: CL.TE and TE.CL
    _both("length-first", b"Content-Length: 5", _CHUNKED),
    _both("coding-first", _CHUNKED, b"Content-Length: 5"),
    _both("length-of-all", b"Content-Length: %d" % (5 + len(POISON)), _CHUNKED),
    _both("length-zero", b"Content-Length: 0", _CHUNKED),
    _both("other-case", b"content-LENGTH: 5", b"transfer-ENCODING: chunked"),
    _both("length-named-by-connection", b"Connection: Content-Length", b"Content-Length: 5", _CHUNKED),
    _both("coding-named-by-connection", b"Connection: Transfer-Encoding", b"Content-Length: 5", _CHUNKED),
    _both("coding-between-lengths", b"Content-Length: 5", _CHUNKED, b"Content-Length: 5"),
    _both("identity", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    _both("far-apart", b"Content-Length: 5", *[b"X-%d: y" % number for number in range(50)], _CHUNKED),
    refused(
        "cl-te-http10", b"POST /x HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + _LAST + POISON
    ),
    refused("te-http10", b"POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + _LAST + POISON),
    refused(
        "cl-te-get", b"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + _LAST + POISON
    ),
    # Codings that are not quite `chunked`
    _coding("identity", b"Transfer-Encoding: identity"),
    _coding("identity-then-chunked", b"Transfer-Encoding: identity, chunked"),
    _coding("chunked-then-identity", b"Transfer-Encoding: chunked, identity"),
    _coding("gzip", b"Transfer-Encoding: gzip"),
    _coding("gzip-then-chunked", b"Transfer-Encoding: gzip, chunked"),
    _coding("chunked-then-gzip", b"Transfer-Encoding: chunked, gzip"),
    _coding("chunked-twice-in-a-list", b"Transfer-Encoding: chunked, chunked"),
    _coding("chunked-twice-in-lines", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    _coding("nonsense-then-chunked-in-lines", b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked"),
    _coding("chunked-then-nonsense-in-lines", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x"),
    _coding("leading-comma", b"Transfer-Encoding: ,chunked"),
    _coding("trailing-comma", b"Transfer-Encoding: chunked,"),
    _coding("empty", b"Transfer-Encoding:"),
    _coding("empty-then-chunked", b"Transfer-Encoding:\r\nTransfer-Encoding: chunked"),
    _coding("prefix", b"Transfer-Encoding: xchunked"),
    _coding("suffix", b"Transfer-Encoding: chunkedx"),
    _coding("cut-off", b"Transfer-Encoding: chunke"),
    _coding("two-words", b"Transfer-Encoding: chunked chunked"),
    _coding("parameter", b"Transfer-Encoding: chunked;q=0.5"),
    _coding("semicolon", b"Transfer-Encoding: chunked;"),
    _coding("double-quotes", b'Transfer-Encoding: "chunked"'),
    _coding("single-quotes", b"Transfer-Encoding: 'chunked'"),
    _coding("colon", b"Transfer-Encoding: : chunked"),
    _coding("no-break-space", b"Transfer-Encoding: \xa0chunked"),
    _coding("utf8-space", b"Transfer-Encoding: \xe2\x80\x83chunked"),
    _coding("long-s", b"Transfer-Encoding: chun\xe2\x84\xaaed"),
    _coding("high-bit", b"Transfer-Encoding: chunke\xe4"),
    # Names and line ends that are not quite a header's
    _coding("blank-before-colon", b"Transfer-Encoding : chunked", 400),
    _coding("tab-before-colon", b"Transfer-Encoding\t: chunked", 400),
    _coding("leading-blank", b" Transfer-Encoding: chunked", 400),
    _coding("leading-tab", b"\tTransfer-Encoding: chunked", 400),
    _coding("vertical-tab-before-value", b"Transfer-Encoding:\x0bchunked", 400),
    _coding("vertical-tab-after-value", b"Transfer-Encoding: chunked\x0b", 400),
    _coding("vertical-tab-before-colon", b"Transfer-Encoding\x0b: chunked", 400),
    _coding("form-feed", b"Transfer-Encoding:\x0cchunked", 400),
    _coding("nul-in-name", b"Transfer\x00-Encoding: chunked", 400),
    _coding("nul-after-name", b"Transfer-Encoding\x00: chunked", 400),
    _coding("nul-in-value", b"Transfer-Encoding: chunked\x00", 400),
    _coding("backspace", b"Transfer-Encoding: x\x08chunked", 400),
    _coding("delete", b"Transfer-Encoding: chunked\x7f", 400),
    _coding("escape", b"Transfer-Encoding: \x1bchunked", 400),
    _coding("folded-value", b"Transfer-Encoding:\r\n chunked", 400),
    _coding("folded-value-tab", b"Transfer-Encoding:\r\n\tchunked", 400),
    _coding("folded-end", b"Transfer-Encoding: chunked\r\n , identity", 400),
    _coding("hidden-behind-a-fold", b"X: y\r\n Transfer-Encoding: chunked", 400),
    _coding("hidden-behind-a-bare-lf", b"X: y\nTransfer-Encoding: chunked", 400),
    _coding("hidden-behind-a-bare-cr", b"X: y\rTransfer-Encoding: chunked", 400),
    _coding("hidden-behind-cr-cr-lf", b"X: y\r\r\nTransfer-Encoding: chunked", 400),
    _coding("bare-cr-after-value", b"Transfer-Encoding: chunked\r", 400),
    _coding("bare-lf-after-colon", b"Transfer-Encoding:\n chunked", 400),
    _coding("no-colon", b"Transfer-Encoding chunked", 400),
    _coding("equals-sign", b"Transfer-Encoding=chunked", 400),
    _coding("quoted-name", b'"Transfer-Encoding": chunked', 400),
    _coding("dash-of-another-kind", b"Transfer\xe2\x80\x90Encoding: chunked", 400),
    # What is chunked after all
    passed("te-upper-case", post(b"TRANSFER-ENCODING: CHUNKED", body=b"3\r\nabc\r\n" + _LAST), "POST /x"),
    passed("te-blanks-around", post(b"Transfer-Encoding: \t chunked \t", body=b"3\r\nabc\r\n" + _LAST), "POST /x"),
    passed("te-no-blank", post(b"Transfer-Encoding:chunked", body=b"3\r\nabc\r\n" + _LAST), "POST /x"),
    passed("te-underscore-is-another-header", post(b"Transfer_Encoding: chunked", b"Content-Length: 3", body=b"abc"), "POST /x"),
    passed("te-space-is-te", post(b"TE: chunked", b"Content-Length: 3", body=b"abc"), "POST /x"),
    # Lengths that are not one number
    _length("twice-the-same", b"5", b"5"),
    _length("twice-different", b"5", b"0"),
    _length("twice-the-smaller-first", b"0", b"5"),
    _length("list-of-the-same", b"5, 5"),
    _length("list-of-different", b"5, 0"),
    _length("trailing-comma", b"5,"),
    _length("plus", b"+5"),
    _length("minus", b"-5"),
    _length("minus-zero", b"-0"),
    _length("hexadecimal", b"0x5"),
    _length("hexadecimal-digits", b"a"),
    _length("decimal-point", b"5.0"),
    _length("exponent", b"5e0"),
    _length("underscore", b"1_0"),
    _length("two-words", b"5 0"),
    _length("tab-between", b"5\t0"),
    _length("semicolon", b"5;"),
    _length("quotes", b'"5"'),
    _length("letters-after", b"5abc"),
    _length("empty", b""),
    _length("only-blanks", b" \t "),
    _length("nul", b"5\x00"),
    _length("vertical-tab", b"\x0b5"),
    _length("arabic-digit", b"\xd9\xa5"),
    _length("full-width-digit", b"\xef\xbc\x95"),
    _length("superscript", b"\xb2"),
    _length("nineteen-digits", b"1000000000000000000"),
    _length("two-to-the-64", b"18446744073709551616"),
    _length("two-to-the-64-and-five", b"18446744073709551621"),
    _length("two-to-the-32-wrapped-long", b"0" * 30 + b"4294967301"),
    _length("thousands-of-digits", b"9" * 5_000),
    refused("cl-blank-before-colon", post(b"Content-Length : 5", body=b"hello" + POISON)),
    refused("cl-folded", post(b"Content-Length:\r\n 5", body=b"hello" + POISON)),
    refused("cl-hidden-behind-bare-cr", post(b"X: y\rContent-Length: 5", body=b"hello" + POISON)),
    refused("cl-hidden-behind-bare-lf", post(b"X: y\nContent-Length: 5", body=b"hello" + POISON)),
    passed("cl-leading-zeros", post(b"Content-Length: 005", body=b"hello"), "POST /x"),
    passed("cl-blanks-around", post(b"Content-Length: \t5\t ", body=b"hello"), "POST /x"),
    passed("cl-underscore-is-another-header", post(b"Content_Length: 500", b"Content-Length: 5", body=b"hello"), "POST /x"),
    passed("cl-body-looks-like-a-request", post(b"Content-Length: %d" % len(POISON), body=POISON), "POST /x"),
    passed("get-with-a-body", b"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(POISON) + POISON, "GET /x"),
    passed("head-with-a-body", b"HEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(POISON) + POISON, "HEAD /x"),
    passed("delete-with-chunks", b"DELETE /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + _LAST, "DELETE /x"),
    # Bodies that never come: told so, after the patience for bodies
    Case("cl-more-than-sent", post(b"Content-Length: 100", body=b"hello"), (408,)),
    Case("cl-largest", b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999999\r\n\r\n" + POISON, (200,)),
    Case("cl-eats-the-poison", post(b"Content-Length: %d" % (len(POISON) + 1), body=POISON), (408,)),
)
