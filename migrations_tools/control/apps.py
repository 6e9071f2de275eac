"""The control app: phases, journal, checkpoints and findings, in a database of their own."""

from django.apps import AppConfig


class ControlConfig(AppConfig):
    name = "migrations_tools.control"
    label = "control"
    verbose_name = "Migration control"
    default_auto_field = "django.db.models.BigAutoField"
