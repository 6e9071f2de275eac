"""The texts that policies are made of: the file, and the OpenAPI documents and static answers that it names. The last good ones
are kept on disk.

They are kept together, so that a process can start from them when any of the files is wrong: one that dies must not turn a
mistake in a file into an outage. Modules that the file names as `code` are not kept. It refuses to keep what was not checked as a
whole.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from facade.feed import keep
from facade.pipeline.declared import LARGEST, Declared, InvalidPolicies, parse, text_of
from facade.pipeline.fallback import Static
from facade.responses import openapi
from facade.responses.openapi import Document, InvalidDocument

log = logging.getLogger(__name__)

_LARGEST = 1 << 20
"""Characters of a static answer."""
_LARGEST_NAMED = 8 << 20
"""Characters of any file that is named: an OpenAPI document may be longer than what names it."""

Contract = tuple[Path, bool]
"""A document, and whether its formats are checked: what one is compiled for."""
Stamp = tuple[int, int] | None
"""By what a change of a file is noticed; None: it cannot be read."""
Stamps = dict[Path, Stamp]


@dataclass(frozen=True, slots=True)
class Policies:
    """What was declared, the documents that it names, and the texts of both."""

    declared: Declared
    documents: Mapping[Contract, Document]
    text: str
    texts: Mapping[Path, str]


def load(file: Path, stamps: Stamps) -> Policies:
    """Read the file and those that it names. `stamps` is given each one's stamp, taken before it was read: so that a change
    meanwhile shows, also when this raises. Raises `InvalidPolicies`.
    """
    text = _read(file, stamps, LARGEST)
    declared = parse(text, file)
    texts: dict[Path, str] = {}
    errors: list[str] = []
    for path in sorted({*_named(declared), *_answers(declared)}):
        try:
            texts[path] = _read(path, stamps, _LARGEST_NAMED)
        except InvalidPolicies as error:
            errors += error.errors
    errors += [f"{path}: has more than {_LARGEST} bytes" for path in _answers(declared) if len(texts.get(path, "")) > _LARGEST]
    return Policies(declared, _documents(declared, texts, errors), text, texts)


def start(file: Path, kept: Path, stamps: Stamps) -> tuple[Policies, InvalidPolicies | None]:
    """As `load`, but where that fails, what was kept, and why. Raises `InvalidPolicies` where nothing usable was kept either."""
    try:
        return load(file, stamps), None
    except InvalidPolicies as error:
        last = last_good(kept)
        if last is None:
            raise
        return last, error


def last_good(kept: Path) -> Policies | None:
    """What was in force last; None where that cannot be used."""
    try:
        raw = orjson.loads(kept.read_bytes())
        text, texts = str(raw["policies"]), {Path(path): str(one) for path, one in raw["documents"].items()}
        declared = parse(text, kept)
        missing = [f"{path}: is not kept" for path in {*_named(declared), *_answers(declared)} - texts.keys()]
        return Policies(declared, _documents(declared, texts, missing), text, texts)
    except FileNotFoundError:
        return None
    except (OSError, LookupError, TypeError, AttributeError, ValueError) as error:
        log.warning("the policies kept in %s cannot be used: %s", kept, error)
        return None


def keep_good(kept: Path, policies: Policies) -> None:
    """Keep these for the next start, unless they are kept already: workers start together."""
    raw = {"policies": policies.text, "documents": {str(path): text for path, text in policies.texts.items()}}
    payload = orjson.dumps(raw)
    try:
        if kept.read_bytes() == payload:
            return
    except OSError:
        pass  # there is nothing yet, or nothing that can be read: `keep` says what is wrong with the disk
    keep(kept, payload)


def stamp(path: Path) -> Stamp:
    """The stamp of a file as it is now."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _read(path: Path, stamps: Stamps, most: int) -> str:
    stamps[path] = stamp(path)
    return text_of(path, most)


def _contracts(declared: Declared) -> list[Contract]:
    return sorted({rules.contract.compiled_as for rules in declared.routes if rules.contract is not None})


def _named(declared: Declared) -> set[Path]:
    return {path for path, _ in _contracts(declared)}


def _answers(declared: Declared) -> list[Path]:
    found = (one for rules in declared.routes for one in rules.fallback or () if isinstance(one, Static))
    return sorted({static.file for static in found if static.file is not None})


def _documents(declared: Declared, texts: Mapping[Path, str], errors: Iterable[str]) -> dict[Contract, Document]:
    """Those whose texts there are. Raises `InvalidPolicies` for what is wrong with them, and for `errors`."""
    documents: dict[Contract, Document] = {}
    wrong = dict.fromkeys(errors)
    for path, formats in _contracts(declared):
        if path not in texts:
            continue
        try:
            documents[path, formats] = openapi.parse(texts[path], str(path), formats=formats)
        except InvalidDocument as error:
            wrong |= dict.fromkeys(error.errors)
    if wrong:
        raise InvalidPolicies(list(wrong))
    return documents
