"""Heads that are malformed, or larger than anybody needs."""

from tests.integration.facade.safety.corpus.case import POISON, Case, get, passed, refused

_START = b"GET /x HTTP/1.1\r\nHost: a\r\n"


def _line(name: str, line: bytes) -> Case:
    """One bad line between good ones."""
    return refused(f"field-{name}", get(b"A: 1", line, b"B: 2") + POISON)


CASES: tuple[Case, ...] = (
    # Field lines
    _line("folded-with-blank", b" folded"),
    _line("folded-with-tab", b"\tfolded"),
    _line("only-blanks", b"  "),
    _line("no-colon", b"nonsense"),
    _line("no-name", b": 1"),
    _line("blank-in-name", b"X Y: 1"),
    _line("blank-before-colon", b"X : 1"),
    _line("nul-in-name", b"X\x00: 1"),
    _line("nul-in-value", b"X: a\x00b"),
    _line("bare-lf-in-value", b"X: a\nY: b"),
    _line("bare-cr-in-value", b"X: a\rY: b"),
    _line("bare-cr-at-the-end", b"X: a\r"),
    _line("bare-cr-at-the-beginning", b"\rX: a"),
    _line("control-in-value", b"X: \x01"),
    _line("delete-in-value", b"X: \x7f"),
    _line("escape-sequence", b"X: \x1b[2J"),
    _line("brackets-in-name", b"X[0]: 1"),
    _line("at-in-name", b"X@: 1"),
    _line("slash-in-name", b"X/Y: 1"),
    _line("high-byte-in-name", b"X\xe9: 1"),
    _line("byte-order-mark", b"\xef\xbb\xbfX: 1"),
    _line("another-request-line", b"GET /poison HTTP/1.1"),
    passed("field-empty-value", get(b"X:"), "GET /x"),
    passed("field-high-bytes-in-value", get(b"X: \xe9\xff"), "GET /x"),
    passed("field-all-of-a-token", get(b"!#$%&'*+-.^`|~09: 1"), "GET /x"),
    # Line ends
    refused("lf-everywhere", b"GET /x HTTP/1.1\nHost: a\n\n"),
    refused("lf-after-the-first-line", b"GET /x HTTP/1.1\nHost: a\r\n\r\n"),
    refused("lf-after-a-field", b"GET /x HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
    refused("lf-at-the-end", b"GET /x HTTP/1.1\r\nHost: a\n\r\n"),
    refused("lf-lf-at-the-end", b"GET /x HTTP/1.1\r\nHost: a\r\n\n"),
    refused("crlf-lf-then-poison", b"GET /x HTTP/1.1\r\nHost: a\r\n\n" + POISON),
    refused("cr-after-the-first-line", b"GET /x HTTP/1.1\rHost: a\r\n\r\n"),
    refused("cr-cr-lf", b"GET /x HTTP/1.1\r\r\nHost: a\r\n\r\n"),
    refused("lf-cr", b"GET /x HTTP/1.1\n\rHost: a\n\r\n\r"),
    refused("lf-before", b"\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused("cr-before", b"\rGET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused("blank-before", b" GET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused("field-before-the-line", b"X: y\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused("fold-after-the-line", b"GET /x HTTP/1.1\r\n Host: a\r\n\r\n"),
    refused("nothing-but-empty-lines", b"\r\n" * 6),
    passed("one-empty-line-before", b"\r\n" + get(), "GET /x"),
    refused("two-empty-lines-before", b"\r\n\r\n" + get()),
    # Large and many
    refused("head-of-64-kib", _START + b"X: " + b"a" * 65_536 + b"\r\n\r\n", 431),
    refused("head-of-64-kib-without-end", _START + b"X: " + b"a" * 65_536, 431),
    refused("head-of-a-mebibyte", _START + b"X: " + b"a" * 1_048_576 + b"\r\n\r\n", 431),
    refused("name-of-64-kib", _START + b"X" * 65_536 + b": a\r\n\r\n", 431),
    refused("a-thousand-fields", _START + b"X: y\r\n" * 1_000 + b"\r\n", 431),
    refused("a-hundred-and-one-fields", _START + b"X: y\r\n" * 100 + b"\r\n", 431),
    refused("five-thousand-folds", _START + b"X: y\r\n" + b" z\r\n" * 5_000 + b"\r\n", 431),
    refused("fifty-folds", _START + b"X: y\r\n" + b" z\r\n" * 50 + b"\r\n"),
    refused("ten-thousand-bare-lf", b"\n" * 10_000),
    refused("blanks-then-control", _START + b"X:" + b" " * 32_000 + b"\x01\r\n\r\n"),
    refused("tabs-then-control", _START + b"X:" + b"\t" * 32_000 + b"\x01\r\n\r\n"),
    refused("cookies-of-blanks-then-control", _START + b"Cookie:" + b"; " * 16_000 + b"\x01\r\n\r\n"),
    passed("a-hundred-fields", _START + b"X: y\r\n" * 99 + b"\r\n", "GET /x"),
    passed("value-of-16-kib", _START + b"X: " + b"a" * 16_384 + b"\r\n\r\n", "GET /x"),
    passed("value-of-blanks", _START + b"X:" + b" " * 16_384 + b"\r\n\r\n", "GET /x"),
    passed("cookies-of-blanks", _START + b"Cookie: " + b"; " * 8_000 + b"x\r\n\r\n", "GET /x"),
    refused("line-of-9-kib", b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    refused("query-of-9-kib", b"GET /?" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    refused("line-of-64-kib", b"GET /" + b"a" * 65_536 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    refused("method-of-64-kib", b"A" * 65_536 + b" / HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    passed("line-of-8000", b"GET /" + b"a" * 8_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "GET /" + "a" * 8_000),
    # Heads without an end
    Case("head-without-end", _START, (408,)),
    Case("one-byte", b"G", (408,)),
    Case("line-without-end", b"GET /x HTTP/1.1", (408,)),
    Case("one-cr", b"\r", (408,)),
    Case("head-without-the-last-lf", _START + b"\r", (408,)),
)
