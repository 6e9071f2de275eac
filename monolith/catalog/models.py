"""What the shop sells: products in a two-level tree of categories, prices as decimal money."""

from django.db import models
from django.db.models.functions import Now

from chassis.ids import UuidV7, uuid7


class Category(models.Model):
    id = models.BigAutoField(primary_key=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    name = models.CharField(max_length=100)

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """`sku` keeps its case, since codes that differ only in case are different products."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, db_default=UuidV7(), editable=False)
    sku = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200, blank=True, db_default="")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="products")
    color = models.CharField(max_length=20, blank=True, db_default="")
    size = models.CharField(max_length=10, blank=True, db_default="")
    list_price = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    currency = models.CharField(max_length=3, db_default="USD", default="USD")
    is_product = models.BooleanField(default=True, db_default=True)
    is_active = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(db_default=Now())
    modified = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"
