"""The canonical form of a document and digests over many, computed alike on both sides."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

import orjson

SIZE: Final = 16
_CANONICAL: Final = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z


def canonical(document: Mapping[str, Any]) -> bytes:
    """A document as bytes that are equal exactly when the documents are: sorted names, UTC times with `Z`."""
    return orjson.dumps(document, option=_CANONICAL)


def of(documents: Mapping[int, Mapping[str, Any]]) -> str:
    """The digest (hexadecimal, 128 bits) of a set of documents, in the order of their keys."""
    running = blake2b(digest_size=SIZE)
    for key in sorted(documents):
        running.update(b"%d:" % key)
        running.update(canonical(documents[key]))
    return running.hexdigest()
