"""The tools as a Django app: its management commands, and the checks that hold every plan against
the schema.
"""

from django.apps import AppConfig


class MigrationToolsConfig(AppConfig):
    name = "migrations_tools"
    verbose_name = "Migration tools"
