"""Orders in the admin. What was ordered is history: it is looked at, and only its status changes."""

from django.contrib import admin
from django.http import HttpRequest

from monolith.orders.models import Confirmation, Order, OrderLine
from monolith.typed_admin import ModelAdmin, TabularInline


class ReadOnly:
    """Nobody adds, changes or deletes what this shows."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False


class OrderLineInline(ReadOnly, TabularInline[OrderLine, Order]):
    model = OrderLine
    extra = 0


@admin.register(Order)
class OrderAdmin(ModelAdmin[Order]):
    list_display = ("number", "user_id", "kind", "status", "total", "currency", "placed_at")
    list_filter = ("status", "kind")
    search_fields = ("=number", "=user_id")
    fields = ("number", "user_id", "kind", "status", "ship_name", "ship_address", "ship_country", "total", "placed_at")
    readonly_fields = ("number", "user_id", "kind", "ship_name", "ship_address", "ship_country", "total", "placed_at")
    inlines = (OrderLineInline,)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False


@admin.register(OrderLine)
class OrderLineAdmin(ReadOnly, ModelAdmin[OrderLine]):
    list_display = ("order_id", "line_number", "sku", "name", "quantity", "line_total")
    search_fields = ("=sku",)
    show_full_result_count = False


@admin.register(Confirmation)
class ConfirmationAdmin(ReadOnly, ModelAdmin[Confirmation]):
    list_display = ("order_id", "email", "recorded_at")
    show_full_result_count = False
