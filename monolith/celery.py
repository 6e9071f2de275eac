"""The Celery application: `celery --app monolith.celery worker --beat`. Its broker is Valkey, and tasks
return nothing.

The broker's address is asked for when it is first needed, so that a command without tasks starts no Valkey.
"""

import os

from celery import Celery

from chassis.env import valkey_url

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings")


def _broker() -> dict[str, str]:
    """Valkey speaks the protocol that kombu knows by the name of redis."""
    return {"broker_url": valkey_url().replace("valkey://", "redis://", 1).replace("valkeys://", "rediss://", 1)}


app = Celery("monolith")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.add_defaults(_broker)
app.autodiscover_tasks()
