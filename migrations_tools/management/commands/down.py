"""`manage.py down`: stops what `manage.py up` runs, then the embedded servers."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from chassis import env
from chassis.embedded.installed import stop
from migrations_tools.platform.stopping import stop_platform


class Command(BaseCommand):
    """Stop the platform and the embedded servers."""

    requires_system_checks = ()
    help = "Stop the platform that `up` runs, and the embedded PostgreSQL and Valkey."

    def handle(self, *_args: Any, **_options: Any) -> None:
        var: Path = env.var_dir()
        pid = stop_platform(env.platform_record())
        self.stdout.write(f"stopped the platform (process {pid})" if pid else "no platform was running")
        for name in stop(var):
            self.stdout.write(f"stopped {name}")
