"""The WSGI application, for granian: `granian --interface wsgi monolith.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from chassis.registry.announcer import announce, prepare

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings")

prepare()
application = get_wsgi_application()
announce("monolith")
