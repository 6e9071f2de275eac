"""Every path that the service answers, top to bottom."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from chassis.health import healthz, readyz
from chassis.identity.views import jwks
from chassis.problems.answers import unknown_path
from chassis.telemetry.metrics import metrics

urlpatterns = [
    path("api/v1/users/", include("extracted.users.v1.urls")),
    path("api/v2/users/", include("extracted.users.v2.urls")),
    path("openapi.yaml", SpectacularAPIView.as_view(), name="schema"),
    path(".well-known/jwks.json", jwks),
    # For the platform's own processes; the facade lets nobody else in here.
    path("internal/users/", include("extracted.users.internal.urls")),
    path("internal/replica/", include("chassis.replica.urls")),
    # For those who run it.
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    re_path(r"^(api|internal|\.well-known)(/|$)", unknown_path),
]

handler400 = "chassis.problems.answers.bad_request"
handler403 = "chassis.problems.answers.permission_denied"
handler404 = "chassis.problems.answers.page_not_found"
handler500 = "chassis.problems.answers.server_error"
