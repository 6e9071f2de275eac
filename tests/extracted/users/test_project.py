"""The service as a project: what it installs, and that what is committed beside the code is in step with it."""

from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

FOLDER = Path(settings.BASE_DIR)


def test_the_openapi_file_is_current(tmp_path: Path) -> None:
    """Clients are made from the file; `manage.py spectacular --file extracted/users/openapi.yaml` writes it anew."""
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    assert (FOLDER / "openapi.yaml").read_text() == made.read_text()


@pytest.mark.django_db
def test_the_migrations_are_current() -> None:
    """No model differs from what the migrations make."""
    call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())


def test_customers_are_nobodys_auth_user() -> None:
    """Staff logins stayed with the monolith: neither Django's users nor its sessions are installed."""
    assert not {"auth", "sessions", "contenttypes", "admin"} & set(apps.app_configs)


def test_every_package_is_declared() -> None:
    """A package that setuptools is not told of would be missing from the image."""
    import tomllib

    declared = set(tomllib.loads((FOLDER / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = {path.parent.relative_to(FOLDER) for path in FOLDER.rglob("__init__.py")}
    assert declared == {".".join(("extracted.users", *folder.parts)) for folder in folders}
