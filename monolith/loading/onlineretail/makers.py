"""The rows of a product, a customer, an order and a line, from what the survey knows."""

from decimal import Decimal

from monolith.loading.keys import milliseconds, public_id
from monolith.loading.onlineretail.countries import country_code
from monolith.loading.onlineretail.lines import NOT_PRODUCTS, Kind, Line, order_id
from monolith.loading.onlineretail.survey import Article, Invoice, Shopper
from monolith.loading.rows import LineRow, OrderRow, ProductRow, UserRow

CUSTOMER_OFFSET = 100_000
APPROVED, SHIPPED, CANCELLED = 2, 5, 6
STATUS = {Kind.SALE: SHIPPED, Kind.CREDIT_NOTE: CANCELLED, Kind.STOCK_NOTE: APPROVED, Kind.BAD_DEBT: APPROVED}
ZERO = Decimal(0)


def product(article: Article) -> ProductRow:
    return ProductRow(
        id=article.id,
        public_id=public_id(f"online-retail/product/{article.code}", milliseconds(article.first)),
        sku=article.code,
        name=article.name(),
        category_id=None,
        color="",
        size="",
        list_price=article.price,
        currency="GBP",
        is_product=article.code not in NOT_PRODUCTS,
        is_active=article.code not in NOT_PRODUCTS,
        created_at=article.first,
        modified=article.last,
    )


def user(shopper: Shopper, password: str) -> UserRow:
    country = shopper.country()
    code = country_code(country)
    return UserRow(
        id=CUSTOMER_OFFSET + shopper.number,
        public_id=public_id(f"online-retail/customer/{shopper.number}", milliseconds(shopper.first)),
        email=f"customer-{shopper.number}@online-retail.invalid",
        password=password,
        date_joined=shopper.first,
        modified=shopper.last,
        state="" if code else country,
        country_code=code,
        account_number=str(shopper.number),
    )


def order(invoice: Invoice) -> OrderRow:
    code = country_code(invoice.country)
    return OrderRow(
        id=order_id(invoice.number),
        public_id=public_id(f"online-retail/invoice/{invoice.number}", milliseconds(invoice.first)),
        number=invoice.number,
        user_id=None if invoice.customer is None else CUSTOMER_OFFSET + invoice.customer,
        kind=invoice.kind,
        status=STATUS[invoice.kind],
        ship_name="",
        ship_address="" if code else invoice.country,
        ship_country=code,
        currency="GBP",
        subtotal=invoice.total,
        tax=ZERO,
        freight=ZERO,
        total=invoice.total,
        placed_at=invoice.first,
        modified=invoice.last,
    )


def order_line(line: Line, number: int, product_id: int) -> LineRow:
    return LineRow(
        order_id(line.invoice), number, product_id, line.code, line.description, line.quantity, line.price, ZERO, line.amount()
    )
