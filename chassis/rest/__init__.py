"""What every REST API here has in common: JSON by orjson, problems for errors, one kind of page, no session.

`SETTINGS` is a process' `REST_FRAMEWORK`. It refuses what the framework would allow: form posts, the
browsable API, anonymous access unless a view asks for it.
"""

from typing import Any

SETTINGS: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["chassis.identity.drf.JwtAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["chassis.identity.drf.IsCustomer"],
    "DEFAULT_PARSER_CLASSES": ["chassis.rest.json.OrjsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["chassis.rest.json.OrjsonRenderer"],
    "DEFAULT_PAGINATION_CLASS": "chassis.rest.pages.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "chassis.problems.answers.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
