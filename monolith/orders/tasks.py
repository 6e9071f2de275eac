"""What the orders context does in the background."""

from celery import shared_task

from monolith import ports
from monolith.orders.models import Confirmation, Order


@shared_task(name="orders.confirm", autoretry_for=(Exception,), retry_backoff=True, max_retries=8)  # type: ignore[untyped-decorator]
def confirm_order(key: int) -> None:
    """Record to which e-mail address the order is confirmed. Run twice, it records once."""
    order = Order.objects.get(pk=key)
    if order.user_id is None:
        return
    customer = ports.users().customer(order.user_id)
    Confirmation.objects.bulk_create([Confirmation(order=order, email=customer.email)], ignore_conflicts=True)
