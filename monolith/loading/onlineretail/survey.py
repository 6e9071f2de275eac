"""The first reading of the file: what invoices, customers and products there are. Rows are written by a
second reading.

Memory holds one entry an invoice, customer and product, not one a line.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import itemgetter

from monolith.loading.errors import LoadError
from monolith.loading.onlineretail.lines import Kind, Line, kind_of, order_id

ZERO = Decimal(0)


@dataclass(slots=True)
class Invoice:
    number: str
    customer: int | None
    country: str
    first: datetime
    last: datetime
    total: Decimal = ZERO
    free: bool = True
    lines: int = 0

    @property
    def kind(self) -> Kind:
        return kind_of(self.number, self.customer, free=self.free)


@dataclass(slots=True)
class Shopper:
    number: int
    first: datetime
    last: datetime
    countries: Counter[str] = field(default_factory=Counter)
    latest_in: dict[str, datetime] = field(default_factory=dict)

    def country(self) -> str:
        """The country of most lines; of those that tie, the one of the latest invoice."""
        return max(self.countries, key=lambda name: (self.countries[name], self.latest_in[name]))


@dataclass(slots=True)
class Article:
    id: int
    code: str
    first: datetime
    last: datetime
    names: dict[str, tuple[int, int]] = field(default_factory=dict)  # name -> (lines, row of the latest)
    price: Decimal = ZERO
    priced_at: datetime | None = None

    def name(self) -> str:
        """The most frequent description; of those that tie, the latest. Empty only when it never had one."""
        return max(self.names.items(), key=itemgetter(1))[0] if self.names else ""


@dataclass
class Survey:
    first_product: int
    invoices: dict[str, Invoice] = field(default_factory=dict)
    shoppers: dict[int, Shopper] = field(default_factory=dict)
    articles: dict[str, Article] = field(default_factory=dict)
    rows: int = 0

    def take(self, lines: Iterable[Line]) -> None:
        """Read all lines, then refuse with LoadError two invoices whose digits are the same."""
        for line in lines:
            self.rows += 1
            self._invoice(line)
            self._article(line)
            if line.customer is not None:
                self._shopper(line, line.customer)
        keys = Counter(order_id(number) for number in self.invoices)
        if twice := [key for key, count in keys.items() if count > 1]:
            raise LoadError(f"invoice numbers with the same digits cannot become order ids: {twice[:3]}")

    def _invoice(self, line: Line) -> None:
        invoice = self.invoices.get(line.invoice)
        if invoice is None:
            invoice = self.invoices[line.invoice] = Invoice(line.invoice, line.customer, line.country, line.at, line.at)
        if invoice.customer != line.customer:
            raise LoadError(f"invoice {line.invoice} names two customers, {invoice.customer} and {line.customer}")
        invoice.first, invoice.last = min(invoice.first, line.at), max(invoice.last, line.at)
        invoice.total += line.amount()
        invoice.free = invoice.free and line.price == ZERO
        invoice.lines += 1

    def _shopper(self, line: Line, number: int) -> None:
        shopper = self.shoppers.get(number)
        if shopper is None:
            shopper = self.shoppers[number] = Shopper(number, line.at, line.at)
        shopper.first, shopper.last = min(shopper.first, line.at), max(shopper.last, line.at)
        shopper.countries[line.country] += 1
        shopper.latest_in[line.country] = max(line.at, shopper.latest_in.get(line.country, line.at))

    def _article(self, line: Line) -> None:
        article = self.articles.get(line.code)
        if article is None:
            number = self.first_product + len(self.articles)
            article = self.articles[line.code] = Article(number, line.code, line.at, line.at)
        article.first, article.last = min(article.first, line.at), max(article.last, line.at)
        if line.description:
            count, _ = article.names.get(line.description, (0, 0))
            article.names[line.description] = (count + 1, self.rows)
        sale = line.price > ZERO and line.quantity > 0 and line.invoice.isdigit()
        if sale and (article.priced_at is None or line.at >= article.priced_at):
            article.price, article.priced_at = line.price, line.at
