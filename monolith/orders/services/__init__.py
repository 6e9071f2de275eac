"""What can be done with orders. Customers and products are asked for at the ports of their contexts, once
per request and never one by one.
"""

from monolith.orders.services.history import local_orders

__all__ = ["local_orders"]
