"""The API v2, below `/api/v2/users/`. Registration, login and tokens are v1's."""

from django.urls import path, re_path

from extracted.users.v1.preferences import PreferencesView
from extracted.users.v2.accounts import MeView
from extracted.users.v2.addresses import AddressesView, AddressView

urlpatterns = [
    path("me", MeView.as_view()),
    path("me/addresses", AddressesView.as_view()),
    re_path(r"^me/addresses/(?P<number>[0-9]{1,18})$", AddressView.as_view()),
    path("me/preferences", PreferencesView.as_view()),
]
