"""The users port over HTTP, below `/internal/users/`."""

from django.urls import path, re_path

from extracted.users.internal.views import CustomerAddressesView, CustomersView

urlpatterns = [
    path("customers", CustomersView.as_view()),
    re_path(r"^customers/(?P<key>[0-9]{1,18})/addresses$", CustomerAddressesView.as_view()),
]
