"""`manage.py prune_sessions`: delete sessions that are of no more use. Meant for a scheduler, once an hour."""

from typing import Any

from django.core.management.base import BaseCommand

from chassis.replica.authority import Misdirected, misdirected_in, require
from extracted.users.services.pruning import prune_dead

BATCH = 1000


class Command(BaseCommand):
    help = "Delete sessions that expired, were revoked, or were used more than a day ago."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        total = 0
        try:
            require("users")
            while deleted := prune_dead(BATCH):
                total += deleted
        except Exception as error:
            refusal: Misdirected | None = misdirected_in(error)
            if refusal is None:
                raise
            self.stdout.write(f"The {refusal.owner} has authority for users; what is left is its business.")
        self.stdout.write(f"{total} sessions deleted.")
