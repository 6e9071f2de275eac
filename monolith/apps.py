"""The project itself as an app, for the commands that belong to no context."""

from django.apps import AppConfig


class MonolithConfig(AppConfig):
    name = "monolith"
    label = "monolith"

    def ready(self) -> None:
        """Tasks that are published here go to the project's own Celery application."""
        import monolith.celery  # noqa: F401
