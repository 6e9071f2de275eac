"""The users API v1, below `/api/v1/users/`."""

from django.urls import path, re_path

from monolith.users.views.accounts import MeView, RegisterView
from monolith.users.views.addresses import AddressesView, AddressView
from monolith.users.views.preferences import PreferencesView
from monolith.users.views.sessions import LoginView, LogoutView, RefreshView

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
