"""The orders API v1, below `/api/v1/orders/`; the collection itself has no slash at its end."""

from django.urls import re_path

from monolith.orders.views import OrderView

urlpatterns = [
    re_path(r"^(?P<number>[0-9A-Za-z-]{1,25})$", OrderView.as_view()),
]
