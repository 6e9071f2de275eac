"""The catalog in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from monolith.catalog import services
from monolith.catalog.models import Category, Product
from monolith.typed_admin import ModelAdmin


@admin.register(Category)
class CategoryAdmin(ModelAdmin[Category]):
    list_display = ("id", "name", "parent")
    search_fields = ("name",)


@admin.register(Product)
class ProductAdmin(ModelAdmin[Product]):
    list_display = ("sku", "name", "category", "list_price", "currency", "is_active")
    list_filter = ("is_active", "is_product")
    list_select_related = ("category",)
    search_fields = ("sku", "name")
    readonly_fields = ("public_id", "created_at", "modified")

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:  # noqa: ARG002
        services.save(obj, form.initial.get("list_price") if change else None)
