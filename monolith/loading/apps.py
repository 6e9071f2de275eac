"""The Django app that owns the loader's checkpoints."""

from django.apps import AppConfig


class LoadingConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "monolith.loading"
    label = "loading"
