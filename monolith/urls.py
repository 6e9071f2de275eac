"""Every path that the monolith answers, top to bottom."""

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from chassis.health import healthz, readyz
from chassis.identity.views import jwks
from chassis.problems.answers import unknown_path
from chassis.telemetry.metrics import metrics
from monolith.orders.views import OrdersView

urlpatterns = [
    # The public API, one line a context.
    path("api/v1/users/", include("monolith.users.urls")),
    path("api/v1/catalog/", include("monolith.catalog.urls")),
    path("api/v1/orders", OrdersView.as_view()),
    path("api/v1/orders/", include("monolith.orders.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(), name="docs"),
    path(".well-known/jwks.json", jwks),
    # For the platform's own processes; the facade lets nobody else in here.
    path("internal/users/", include("monolith.users.internal_urls")),
    path("internal/replica/", include("chassis.replica.urls")),
    path("internal/control/", include("migrations_tools.control.urls")),
    # For those who run it.
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    re_path(r"^(?:api|internal|\.well-known)(?:/|$)", unknown_path),
]

handler400 = "chassis.problems.answers.bad_request"
handler403 = "chassis.problems.answers.permission_denied"
handler404 = "chassis.problems.answers.page_not_found"
handler500 = "chassis.problems.answers.server_error"
