"""Header lines that tell browsers what an answer must never be used for; made once, added where the upstream is silent.

They are defaults for answers of an API: nothing in them may be framed, run or sniffed. An upstream that serves pages says what
they need, field by field, and is not overruled; nor by way of a 304, whose fields replace those of the page that a browser holds
(RFC 9111, 3.2), and which need not repeat what that page has said. `Strict-Transport-Security` is only told over https, as RFC
6797 (7.2) has it.
"""

import re
from collections.abc import Awaitable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from facade.http1.grammar import Pair
from facade.responses.contract import Reply, Request

_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_YEAR = 31_536_000


def _value(text: str) -> str:
    if text and not _VALUE.fullmatch(text):
        raise ValueError(f"{text!r} cannot be the value of a header field")
    return text


Value = Annotated[str, AfterValidator(_value)]


class Secure(BaseModel):
    """A route's `secure`, or everybody's. An empty text leaves its field out. `hsts` in seconds, 0 leaves it out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hsts: int = Field(default=_YEAR, ge=0)
    hsts_subdomains: bool = False
    hsts_preload: bool = False
    content_security_policy: Value = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    frame_options: Literal["DENY", "SAMEORIGIN", ""] = "DENY"
    referrer_policy: Value = "no-referrer"
    permissions_policy: Value = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    opener_policy: Literal["same-origin", "same-origin-allow-popups", "unsafe-none", ""] = "same-origin"
    resource_policy: Literal["same-origin", "same-site", "cross-origin", ""] = "same-origin"

    @model_validator(mode="after")
    def _preload_as_browsers_want_it(self) -> Self:
        if self.hsts_preload and (self.hsts < _YEAR or not self.hsts_subdomains):
            raise ValueError("hsts_preload needs hsts of at least a year and hsts_subdomains: the list would not take it")
        return self


class SecureStage:
    """Adds the fields; where the upstream set none of them, which is the rule, that is one block of bytes."""

    name = "secure"

    def __init__(self, declared: Secure) -> None:
        plain: list[Pair] = [
            (name, value.encode())
            for name, value in (
                (b"x-content-type-options", "nosniff"),
                (b"content-security-policy", declared.content_security_policy),
                (b"x-frame-options", declared.frame_options),
                (b"referrer-policy", declared.referrer_policy),
                (b"permissions-policy", declared.permissions_policy),
                (b"cross-origin-opener-policy", declared.opener_policy),
                (b"cross-origin-resource-policy", declared.resource_policy),
            )
            if value
        ]
        hsts: list[Pair] = [(b"strict-transport-security", _hsts(declared))] if declared.hsts else []
        self._fields = {b"http": plain, b"https": plain + hsts}
        self._blocks = {scheme: _block(fields) for scheme, fields in self._fields.items()}
        self._names = frozenset(name for name, _ in plain + hsts)

    def before(self, request: Request) -> Awaitable[None] | None:  # noqa: ARG002 the answer decides
        return None

    def after(self, request: Request, reply: Reply) -> None:
        """Tell the client what the upstream did not, except in a 304."""
        if reply.status == 304:
            return
        names = self._names
        for name, _ in reply.fields:
            if name in names:
                break
        else:
            request.told.append(self._blocks[request.scheme])
            return
        there = {name for name, _ in reply.fields}
        request.told.append(_block([pair for pair in self._fields[request.scheme] if pair[0] not in there]))

    def explain(self, request: Request) -> str:
        """Which fields are added."""
        return "added where the upstream is silent: " + ", ".join(name.decode() for name, _ in self._fields[request.scheme])


def _hsts(declared: Secure) -> bytes:
    value = f"max-age={declared.hsts}"
    value += "; includeSubDomains" if declared.hsts_subdomains else ""
    return (value + ("; preload" if declared.hsts_preload else "")).encode()


def _block(fields: list[Pair]) -> bytes:
    return b"".join(b"%b: %b\r\n" % pair for pair in fields)
