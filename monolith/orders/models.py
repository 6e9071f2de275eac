"""Orders and their lines. Customers and products are held by key only: they belong to other contexts."""

from django.db import models
from django.db.models.functions import Now

from chassis.ids import UuidV7, uuid7


class OrderStatus(models.IntegerChoices):
    IN_PROCESS = 1
    APPROVED = 2
    BACKORDERED = 3
    REJECTED = 4
    SHIPPED = 5
    CANCELLED = 6


class OrderKind(models.IntegerChoices):
    SALE = 0
    CREDIT_NOTE = 1
    STOCK_NOTE = 2
    BAD_DEBT = 3


class Order(models.Model):
    """`user_id` is NULL for a sale without a known customer; the names and addresses are those of the day
    of the order.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, db_default=UuidV7(), editable=False)
    number = models.CharField(max_length=25, unique=True)
    user_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    kind = models.SmallIntegerField(choices=OrderKind, default=OrderKind.SALE, db_default=0)
    status = models.SmallIntegerField(choices=OrderStatus, default=OrderStatus.IN_PROCESS, db_default=1)
    ship_name = models.CharField(max_length=200, blank=True, db_default="")
    ship_address = models.CharField(max_length=300, blank=True, db_default="")
    ship_country = models.CharField(max_length=2, blank=True, db_default="")
    currency = models.CharField(max_length=3, db_default="USD", default="USD")
    subtotal = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    tax = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    freight = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    total = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    placed_at = models.DateTimeField(db_default=Now())
    modified = models.DateTimeField(db_default=Now())
    idempotency_key = models.CharField(max_length=80, null=True, blank=True)
    request_digest = models.CharField(max_length=64, blank=True, db_default="", editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "idempotency_key"], name="orders_order_idempotency"),
        ]

    def __str__(self) -> str:
        return self.number


class Confirmation(models.Model):
    """That an order was confirmed to its customer, and to which address; at most once for an order."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="confirmation")
    email = models.CharField(max_length=254)
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.order_id} to {self.email}"


class OrderLine(models.Model):
    """`sku` and `name` are copied, so that an order reads the same after its product was renamed."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    line_number = models.IntegerField()
    product_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    sku = models.CharField(max_length=40)
    name = models.CharField(max_length=200, blank=True, db_default="")
    quantity = models.IntegerField()
    unit_price = models.DecimalField(max_digits=14, decimal_places=4)
    discount = models.DecimalField(max_digits=6, decimal_places=4, default=0)
    line_total = models.DecimalField(max_digits=14, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "line_number"], name="orders_orderline_number"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.line_number} {self.sku}"
