"""Pages of products, customers, invoices and lines, with the books on every row and oddity."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TypeVar

from monolith.loading.onlineretail import makers
from monolith.loading.onlineretail.lines import FILE, NOT_PRODUCTS, Kind, Line, read_lines
from monolith.loading.onlineretail.survey import Invoice, Survey
from monolith.loading.source import PAGE_ROWS, Page
from monolith.loading.tables import LINES, ORDERS, PRODUCTS, USERS
from monolith.loading.tally import Tally

Item = TypeVar("Item")


def products(survey: Survey, after: int) -> Iterator[Page]:
    """Products by first appearance."""
    folded = Counter(code.upper() for code in survey.articles)
    for position, some in _cut(survey.articles.values()):
        page = Page(position)
        rules = page.tally.rules
        for article in some:
            page.put(PRODUCTS, makers.product(article))
            rules["codes that are no product (postage, fees, …): is_product false"] += article.code in NOT_PRODUCTS
            rules["codes with several descriptions: the most frequent names the product"] += len(article.names) > 1
            rules["codes without any description: product without a name"] += not article.names
            rules["codes that differ from another only in case: both kept"] += folded[article.code.upper()] > 1
        if position > after:
            yield page


def customers(survey: Survey, password: str, after: int) -> Iterator[Page]:
    """Customers by first appearance."""
    for position, some in _cut(survey.shoppers.values()):
        page = Page(position)
        for shopper in some:
            page.put(USERS, makers.user(shopper, password))
            page.tally.rules["customers in two countries: the one of most lines"] += len(shopper.countries) > 1
        if position > after:
            yield page


def invoices(survey: Survey, after: int) -> Iterator[Page]:
    """Orders by first appearance."""
    for position, some in _cut(survey.invoices.values()):
        page = Page(position)
        for invoice in some:
            page.put(ORDERS, makers.order(invoice))
            page.tally.rules[f"invoices that are {_described(invoice)}"] += 1
            page.tally.rules["invoices with two times: the earlier one"] += invoice.first != invoice.last
        if position > after:
            yield page


def lines(survey: Survey, path: Path, after: int) -> Iterator[Page]:
    """Lines in the file's order, numbered within their invoice; an invoice's lines need not be neighbours."""
    numbers: Counter[str] = Counter()
    seen: set[bytes] = set()
    for position, some in _cut(read_lines(path)):
        page = Page(position)
        page.tally.read[FILE] += len(some)
        for line in some:
            numbers[line.invoice] += 1
            page.put(LINES, makers.order_line(line, numbers[line.invoice], survey.articles[line.code].id))
            page.tally.count(FILE, _outcome(line, survey.invoices[line.invoice]))
            _note(page.tally, line, seen)
        if position > after:
            yield page


def _outcome(line: Line, invoice: Invoice) -> str:
    """The one category in which the summary counts this row."""
    if invoice.kind is Kind.CREDIT_NOTE:
        return "credit note lines" if line.customer else "credit note lines without a customer"
    if invoice.kind is Kind.STOCK_NOTE:
        return "stock notes, taken out" if line.quantity < 0 else "stock notes, put in"
    if invoice.kind is Kind.BAD_DEBT:
        return "bad-debt adjustments"
    return "sale lines" if line.customer else "guest sale lines (no customer)"


def _described(invoice: Invoice) -> str:
    if invoice.kind is Kind.SALE:
        return "sales to a customer" if invoice.customer else "guest sales: user_id NULL"
    return {
        Kind.CREDIT_NOTE: "credit notes: cancelled, quantities negative",
        Kind.STOCK_NOTE: "stock notes: no customer, every line free",
        Kind.BAD_DEBT: "bad-debt adjustments",
    }[invoice.kind]


def _note(tally: Tally, line: Line, seen: set[bytes]) -> None:
    """Count the oddities of a line. A duplicate is found by a 64-bit digest of the row: 541,909 of them take some 45 MB."""
    digest = blake2b(repr(line).encode(), digest_size=8).digest()
    rules = tally.rules
    rules["lines that repeat another exactly: kept"] += digest in seen
    rules["lines without a description: kept"] += not line.description
    rules["lines at price 0: kept"] += not line.price
    rules["lines for postage, fees and the like: kept, they add up to the invoice"] += line.code in NOT_PRODUCTS
    seen.add(digest)


def _cut(items: Iterable[Item]) -> Iterator[tuple[int, list[Item]]]:
    """Pages of `items` with the position behind each."""
    walk = iter(items)
    position = 0
    while some := list(islice(walk, PAGE_ROWS)):
        position += len(some)
        yield position, some
