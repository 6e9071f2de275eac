"""`manage.py runserver`, for developing. On the embedded databases it applies the migrations that are missing, since nobody
else does on a fresh checkout; databases that were configured are only looked at, as Django does.
"""

from django.contrib.staticfiles.management.commands import runserver
from django.core.management import call_command

from chassis.env import env


class Command(runserver.Command):
    def check_migrations(self) -> None:
        if env.str("MONOLITH_DATABASE_URL", default="") or env.str("CONTROL_DATABASE_URL", default=""):
            super().check_migrations()
        else:
            call_command("migrate", verbosity=0)
