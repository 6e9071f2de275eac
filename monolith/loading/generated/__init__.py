"""Customers, orders and products made from a seed, as messy as the real ones, in constant memory and any number.

Customer n is the same for every number of customers asked for, so a larger load contains the smaller one. The mess:
non-ASCII names and e-mail addresses, 'Ms' beside 'Ms.', namesakes, phones in four spellings or none, a nickname that
is NULL, empty or set, missing and halved profile addresses, padded state codes, customers that are inactive, times
with and without a fraction, guest orders, products without a price.

Keys start at 1,000,001, so generated data can stand beside the other sources.
"""

FIRST_KEY = 1_000_001
