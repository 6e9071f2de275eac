"""The admin's base classes with a type parameter: the stubs have it, Django itself does not let them be subscripted."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from django.contrib import admin

    class _Subscriptable:
        def __class_getitem__(cls, _parameters):
            return cls

    class ModelAdmin(_Subscriptable, admin.ModelAdmin):
        """Django's, to be written `ModelAdmin[User]`."""

    class TabularInline(_Subscriptable, admin.TabularInline):
        """Django's, to be written `TabularInline[Address, User]`."""


__all__ = ["ModelAdmin", "TabularInline"]
