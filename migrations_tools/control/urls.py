"""Where the control app answers; included under `/internal/control/`."""

from django.urls import path

from migrations_tools.control import views

urlpatterns = [path("routes", views.routes, name="control-routes")]
