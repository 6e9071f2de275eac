"""The API v1, below `/api/v1/users/`."""

from django.urls import path, re_path

from extracted.users.v1.accounts import MeView, RegisterView
from extracted.users.v1.addresses import AddressesView, AddressView
from extracted.users.v1.preferences import PreferencesView
from extracted.users.v1.sessions import LoginView, LogoutView, RefreshView

urlpatterns = [
    path("register", RegisterView.as_view()),
    path("login", LoginView.as_view()),
    path("token/refresh", RefreshView.as_view()),
    path("logout", LogoutView.as_view()),
    path("me", MeView.as_view()),
    path("me/addresses", AddressesView.as_view()),
    # At most 18 digits: whatever matches is a bigint.
    re_path(r"^me/addresses/(?P<number>[0-9]{1,18})$", AddressView.as_view()),
    path("me/preferences", PreferencesView.as_view()),
]
