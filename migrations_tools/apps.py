"""The tools as a Django app: their management commands, and the checks that hold every plan
against the schema.
"""

from django.apps import AppConfig


class MigrationToolsConfig(AppConfig):
    name = "migrations_tools"
    verbose_name = "Migration tools"

    def ready(self) -> None:
        from migrations_tools import checks  # noqa: F401 - importing it registers the checks
