"""Brings databases of one Django project up to date, in one process: `python -m … <settings module>
<alias>…`."""

import os
import sys

import django
from django.core.management import call_command


def main(settings: str, *aliases: str) -> None:
    """Migrate each alias in turn."""
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    django.setup()
    for alias in aliases:
        call_command("migrate", database=alias, verbosity=0, interactive=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
