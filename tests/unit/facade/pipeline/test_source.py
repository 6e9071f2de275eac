"""The texts of policies: kept when good, started from when what is there is bad, watched with all that they name."""

import asyncio
import threading
from pathlib import Path

import pytest

from facade.pipeline import book as books
from facade.pipeline import source
from facade.pipeline.book import PolicyBook
from facade.pipeline.declared import InvalidPolicies
from facade.pipeline.policy import Policy
from facade.pipeline.source import Policies
from facade.pipeline.table import PolicyTable

GOOD = '[[routes]]\npath = "/a"\n'
BAD = '[[routes]]\npath = "a/"\n'
DOCUMENT = "openapi: 3.1.0\npaths: {/a: {get: {}}}\n"


def table(read: Policies) -> PolicyTable:
    """Policies that demand nothing."""
    paths = [rules.path for rules in read.declared.routes]
    return PolicyTable.of(Policy.of(path, frozenset(), ()) for path in paths)


def paths(book: PolicyBook) -> set[str]:
    return {policy.path for policy in book.table.policies}


def opened(file: Path, kept: Path) -> PolicyBook:
    book = PolicyBook(file, kept)
    book.open(table)
    return book


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "var" / "policies.json"


def contract(tmp_path: Path, file: Path) -> Path:
    document = tmp_path / "api.yaml"
    document.write_text(DOCUMENT)
    file.write_text(f'[[routes]]\npath = "/a"\ncontract = {{ document = "{document}" }}\n')
    return document


def test_a_start_with_a_bad_file_takes_what_was_kept(file: Path, kept: Path) -> None:
    """And says that the file was refused, until it is mended."""
    assert not opened(file, kept).refused
    file.write_text(BAD)
    book = opened(file, kept)
    assert book.refused
    assert paths(book) == {"/", "/a"}
    file.write_text(GOOD.replace("/a", "/b"))
    book.reload()
    assert not book.refused
    assert paths(book) == {"/", "/b"}


def test_a_first_start_with_a_bad_file_is_refused(file: Path, kept: Path) -> None:
    """There is nothing to put in force; nor where what was kept cannot be used."""
    file.write_text(BAD)
    for text in (None, "no json", "[]", '{"policies": 5, "documents": {}}'):
        if text is not None:
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(text)
        with pytest.raises(InvalidPolicies, match="a/"):
            PolicyBook(file, kept)


def test_a_bad_document_is_as_bad_as_a_bad_file(tmp_path: Path, file: Path, kept: Path) -> None:
    """What it said last is kept with the file, so that a start with it works too."""
    document = contract(tmp_path, file)
    book = opened(file, kept)
    document.write_text("openapi: 2.0\n")
    book.reload()
    assert book.refused
    assert opened(file, kept).refused
    kept.unlink()
    with pytest.raises(InvalidPolicies, match="no OpenAPI 3 document"):
        PolicyBook(file, kept)


def test_a_static_answer_is_kept_with_the_file(tmp_path: Path, file: Path, kept: Path) -> None:
    """Its text is of the policies: one that is away, or too large, is a mistake in them, and a start takes what was kept."""
    sorry = tmp_path / "sorry.html"
    sorry.write_text("Sorry")
    file.write_text(f'[[routes]]\npath = "/a"\nfallback = [{{ file = "{sorry}" }}]\n')
    opened(file, kept)
    for spoil in (sorry.unlink, lambda: sorry.write_text("x" * ((1 << 20) + 1))):
        spoil()
        assert opened(file, kept).refused
        last = source.last_good(kept)
        assert last is not None
        assert last.texts == {sorry: "Sorry"}
    sorry.write_text("So sorry")
    assert not opened(file, kept).refused
    kept.write_text(kept.read_text().replace("sorry.html", "other.html", 1))
    assert source.last_good(kept) is None


def test_errors_of_all_documents_are_told_at_once(tmp_path: Path, file: Path, kept: Path) -> None:
    """Those that cannot be read, and those that are none."""
    names = [tmp_path / "missing.yaml", tmp_path / "odd.yaml"]
    names[1].write_text("openapi: [")
    file.write_text("".join(f'[[routes]]\npath = "/{n}"\ncontract = {{ document = "{path}" }}\n' for n, path in enumerate(names)))
    with pytest.raises(InvalidPolicies) as refused:
        PolicyBook(file, kept)
    assert [name.name in error for name, error in zip(names, refused.value.errors, strict=True)] == [True, True]
    assert "\n" not in str(refused.value)


def test_what_did_not_hold_is_not_kept(file: Path, kept: Path) -> None:
    """A refused file leaves what was kept as it is."""
    book = opened(file, kept)
    before = kept.read_bytes()
    file.write_text(BAD)
    book.reload()
    assert kept.read_bytes() == before


def test_a_changed_document_is_noticed(tmp_path: Path, file: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a changed file is; also once the file itself was refused, and a document mended first."""
    monkeypatch.setattr(books, "_LOOK_SECONDS", 0.01)
    document = contract(tmp_path, file)
    book = opened(file, kept)

    async def watched() -> None:
        watching = asyncio.create_task(book.watch())
        for bad, good in ((document, DOCUMENT + "# 1\n"), (file, file.read_text())):
            bad.write_text("= [\n")
            await _until(lambda: book.refused)
            bad.write_text(good)
            await _until(lambda: not book.refused)
        watching.cancel()

    asyncio.run(watched())


@pytest.mark.parametrize("deep", ["a = " + "[" * 5000 + "]" * 5000, "document"])
def test_watching_goes_on_after_a_file_nested_too_deeply(
    tmp_path: Path, file: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, deep: str
) -> None:
    """It is refused like any other, policies and documents alike, and what is mended then is noticed."""
    monkeypatch.setattr(books, "_LOOK_SECONDS", 0.01)
    bad = contract(tmp_path, file) if deep == "document" else file
    good, text = bad.read_text(), "[" * 5000 if deep == "document" else deep
    book = opened(file, kept)

    async def watched() -> None:
        watching = asyncio.create_task(book.watch())
        bad.write_text(text)
        await _until(lambda: book.refused)
        bad.write_text(good)
        await _until(lambda: not book.refused)
        watching.cancel()

    asyncio.run(watched())


def test_files_are_read_while_requests_are_served(file: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long document takes its time, and the event loop turns meanwhile."""
    monkeypatch.setattr(books, "_LOOK_SECONDS", 0.01)
    book = opened(file, kept)
    reading, turned, load, served = threading.Event(), threading.Event(), source.load, []

    def slowly(path: Path, stamps: source.Stamps) -> Policies:
        reading.set()
        served.append(turned.wait(5))
        return load(path, stamps)

    monkeypatch.setattr(source, "load", slowly)

    async def watched() -> None:
        watching = asyncio.create_task(book.watch())
        file.write_text(GOOD.replace("/a", "/b"))
        await _until(reading.is_set)
        turned.set()
        await _until(lambda: paths(book) == {"/", "/b"})
        watching.cancel()

    asyncio.run(watched())
    assert served == [True]


@pytest.mark.parametrize("body", ["raise RuntimeError('no')", "import sys; sys.exit(3)", "def ("])
def test_code_that_raises_while_it_is_imported_is_a_mistake_in_the_file(
    tmp_path: Path, file: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    """Whatever it raises; it is told with all other mistakes, and what was in force stays so."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken_answers.py").write_text(body)
    book = opened(file, kept)
    file.write_text('[[routes]]\npath = "/a"\ncode = "broken_answers:who"\nmax_body = -1\n')
    book.reload()
    assert book.refused
    with pytest.raises(InvalidPolicies) as refused:
        source.load(file, {})
    assert ["code" in error or "max_body" in error for error in refused.value.errors] == [True, True]


async def _until(condition: object) -> None:
    async with asyncio.timeout(5):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)
