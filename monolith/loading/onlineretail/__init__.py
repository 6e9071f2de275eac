"""UCI Online Retail (CC BY 4.0): a year of a gift shop's invoices, one row a line. Every row becomes an order line.

Rules, each counted in the summary:
- The kind of an invoice: 'C…' is a credit note (cancelled, quantities stay negative), 'A…' a bad-debt adjustment; one
  without a customer whose every line costs nothing is a stock note (an entry of the stock keeper, not a sale); the
  rest are sales, and those without a customer are guest sales (`user_id` NULL).
- Keys: `orders_order.id` is the invoice's digits (no two invoices share them), `users_user.id` is CustomerID +
  100,000 (so that the data can stand beside AdventureWorks), products are numbered from 100,001 by first appearance.
- A customer is known by number only: e-mail ``customer-<number>@online-retail.invalid``, no name; the country is the
  one of most of its lines, of the latest invoice when two tie. A country name without an ISO code (Unspecified,
  European Community, Channel Islands) leaves `country_code` blank and is kept as text in `state`, on orders in
  `ship_address`.
- An invoice has the time of its earliest line; `modified` is the latest. Money is GBP; there is no tax or freight,
  postage is a line.
- Codes keep their case, so codes that differ only in case are different products. A product is named by its most
  frequent description, the latest when two tie; each line keeps its own. Blanks around descriptions are cut.
- A product's price is that of its latest sale that was not free. Codes for postage, fees, manual entries and the like
  are kept with `is_product` false.
- Exact duplicates are kept as lines of their own: the source does not say whether they are mistakes.
"""
