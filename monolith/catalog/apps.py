from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "monolith.catalog"
    label = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        """Facades are told which kept answers are history."""
        from monolith.catalog import purging

        purging.connect()
