"""Versions as entity tags (RFC 9110, sections 8.8.3 and 13.1)."""

import re

from rest_framework.request import Request

from extracted.users.services.accounts import VersionPassed

_TAG = re.compile(r'"([0-9]{1,18})"')
_ANY = "*"


def etag(version: int) -> str:
    """A strong validator: the version alone decides what the answer says."""
    return f'"{version}"'


def required(request: Request) -> list[int] | None:
    """The versions that `If-Match` admits; None without the header, or for any.

    Raises `VersionPassed` where no tag in it could be one of ours.
    """
    asked = request.headers.get("If-Match", _ANY).strip()
    if asked == _ANY:
        return None
    versions = [int(version) for version in _TAG.findall(_strong(asked))]
    if not versions:
        raise VersionPassed
    return versions


def is_current(request: Request, version: int) -> bool:
    """Whether the client's copy (`If-None-Match`) is this version, so that a 304 will do."""
    asked = request.headers.get("If-None-Match", "")
    return asked.strip() == _ANY or etag(version) in asked


def _strong(tags: str) -> str:
    """Weak tags never match in `If-Match`."""
    return re.sub(r'W/"[^"]*"', "", tags)
