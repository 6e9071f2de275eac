"""The monolith's settings. Everything that differs between machines comes from the environment, through
`chassis.env`; with nothing set, a fresh checkout runs on the embedded servers.
"""

from pathlib import Path
from typing import Any

from chassis import rest
from chassis.env import database_url, env, secret_key
from chassis.telemetry.logs import configuration

BASE_DIR = Path(__file__).resolve().parents[1]

SECRET_KEY = secret_key()
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

INSTALLED_APPS = [
    "monolith.apps.MonolithConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "chassis.replica.apps.ReplicaConfig",
    "migrations_tools.apps.MigrationToolsConfig",
    "migrations_tools.control.apps.ControlConfig",
    "monolith.loading.apps.LoadingConfig",
    "monolith.users.apps.UsersConfig",
    "monolith.catalog.apps.CatalogConfig",
    "monolith.orders.apps.OrdersConfig",
]

BANYAN_CALLER_AUDIENCE = "monolith"
BANYAN_CALLER_REQUIRED = env.bool("BANYAN_CALLER_REQUIRED", default=False)
MIDDLEWARE = [
    "chassis.unread.UnreadBodyMiddleware",
    "chassis.telemetry.middleware.TelemetryMiddleware",
    "chassis.callers.middleware.CallerMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "chassis.deadline.DeadlineMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "chassis.replica.middleware.AuthorityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "monolith.urls"
WSGI_APPLICATION = "monolith.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _database(name: str) -> dict[str, Any]:
    """Connections are kept, and looked at before a request uses them: a restarted server costs no request."""
    return {**env.db_url_config(database_url(name)), "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": _database("monolith"), "control": _database("control")}
DATABASE_ROUTERS = ["migrations_tools.control.router.ControlRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The bounded contexts: where their ports are found, which paths they answer, and which side this process is.
PORTS = {
    "users": "migrations_tools.seams:users_port",
    "catalog": "monolith.catalog.services:local_catalog",
    "orders": "monolith.orders.services:local_orders",
}
FACT_HANDLERS = ["monolith.users.handlers", "monolith.catalog.handlers", "monolith.orders.handlers"]
BANYAN_SIDE = "monolith"
BANYAN_CONTEXTS = {"users": ("/api/v1/users", "/internal/users/")}
REPLICA_BINDINGS = "migrations_tools.relay.bindings.BINDINGS"

PASSWORD_HASHERS = [
    "chassis.identity.passwords.Argon2idOwasp",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
]

REST_FRAMEWORK = rest.SETTINGS
SPECTACULAR_SETTINGS = {
    "TITLE": "Banyan monolith",
    "DESCRIPTION": "The public API v1 of the contexts that the monolith serves.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "PREPROCESSING_HOOKS": ["monolith.schema.public_only"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

CELERY_TASK_IGNORE_RESULT = True
# A broker that is down must cost a request neither its answer nor more than a second.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}
CELERY_BEAT_SCHEDULE = {
    "prune expired refresh tokens": {"task": "users.prune_refresh_tokens", "schedule": 3600.0},
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
SECURE_CONTENT_TYPE_NOSNIFF = True
# The facade sets X-Forwarded-Host whatever the client sent; it is held against ALLOWED_HOSTS like any other.
USE_X_FORWARDED_HOST = True

LOGGING = configuration(style=env.str("LOG_STYLE", default="plain"), level=env.str("LOG_LEVEL", default="INFO"))
