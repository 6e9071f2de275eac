"""Customers in the admin. Preferences have a composite key, which the admin cannot show."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from monolith.typed_admin import ModelAdmin, TabularInline
from monolith.users.models import Address, RefreshToken, User


class AddressInline(TabularInline[Address, User]):
    model = Address
    extra = 0


@admin.register(User)
class UserAdmin(ModelAdmin[User]):
    list_display = ("id", "email", "first_name", "last_name", "account_number", "is_active", "date_joined")
    list_filter = ("is_active", "email_promotion")
    search_fields = ("=id", "email__startswith", "=account_number", "last_name__startswith")
    readonly_fields = ("public_id", "date_joined", "modified", "last_login")
    exclude = ("password",)
    inlines = (AddressInline,)
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.modified = Now()  # the database's clock, as in every other write
        super().save_model(request, obj, form, change)


@admin.register(Address)
class AddressAdmin(ModelAdmin[Address]):
    list_display = ("id", "user_id", "kind", "address_line1", "city", "country_code")
    list_filter = ("kind",)
    raw_id_fields = ("user",)
    readonly_fields = ("created_at",)
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Address, form: Any, change: bool) -> None:
        User.objects.filter(pk=obj.user_id).update(modified=Now())
        super().save_model(request, obj, form, change)


@admin.register(RefreshToken)
class RefreshTokenAdmin(ModelAdmin[RefreshToken]):
    """To be looked at and deleted; nobody makes a token by hand."""

    list_display = ("id", "user_id", "family", "issued_at", "expires_at", "used_at", "revoked_at")
    exclude = ("token_hash",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: RefreshToken | None = None) -> bool:  # noqa: ARG002
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[RefreshToken]:
        return super().get_queryset(request).order_by("-id")
