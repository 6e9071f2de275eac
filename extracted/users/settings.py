"""The users service's settings. Everything that differs between machines comes from the environment, through `chassis.env`;
with nothing set, the service runs alone on the embedded database.
"""

from pathlib import Path

from chassis import rest
from chassis.env import database_url, env, secret_key
from chassis.telemetry.logs import configuration

BASE_DIR = Path(__file__).resolve().parent

SECRET_KEY = secret_key()
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

INSTALLED_APPS = [
    "rest_framework",
    "drf_spectacular",
    "chassis.replica.apps.ReplicaConfig",
    "extracted.users.apps.UsersConfig",
]

BANYAN_CALLER_AUDIENCE = "users"
BANYAN_CALLER_REQUIRED = env.bool("BANYAN_CALLER_REQUIRED", default=False)
MIDDLEWARE = [
    "chassis.unread.UnreadBodyMiddleware",
    "chassis.telemetry.middleware.TelemetryMiddleware",
    "chassis.callers.middleware.CallerMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "chassis.deadline.DeadlineMiddleware",
    "chassis.replica.middleware.AuthorityMiddleware",
]

ROOT_URLCONF = "extracted.users.urls"
WSGI_APPLICATION = "extracted.users.wsgi.application"

# Connections are kept, and looked at before a request uses them: a restarted server costs no request.
DATABASES = {"default": {**env.db_url_config(database_url("users")), "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Check constraints in SQL are for the database to check; forms, which would want to check them too, are not used.
SILENCED_SYSTEM_CHECKS = ["models.W045"]

BANYAN_SIDE = "service"
BANYAN_CONTEXTS = {"users": ("/api/", "/internal/users/")}
REPLICA_BINDINGS = "extracted.users.replica.BINDINGS"

PASSWORD_HASHERS = [
    "chassis.identity.passwords.Argon2idOwasp",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
]

REST_FRAMEWORK = rest.SETTINGS
SPECTACULAR_SETTINGS = {
    "TITLE": "Banyan users",
    "DESCRIPTION": "Accounts, addresses, preferences and sessions. v1 is what the monolith answers; v2 is the service's own.",
    "VERSION": "2",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "PREPROCESSING_HOOKS": ["extracted.users.openapi.public_only"],
    "ENUM_NAME_OVERRIDES": {
        "AddressKind": "extracted.users.fields.ADDRESS_KINDS",
        "PhoneKind": "extracted.users.fields.PHONE_KINDS",
        "Marketing": "extracted.users.fields.MARKETING",
    },
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
SECURE_CONTENT_TYPE_NOSNIFF = True
# The facade sets X-Forwarded-Host whatever the client sent; it is held against ALLOWED_HOSTS like any other.
USE_X_FORWARDED_HOST = True

LOGGING = configuration(style=env.str("LOG_STYLE", default="plain"), level=env.str("LOG_LEVEL", default="INFO"))
