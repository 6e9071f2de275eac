"""Log lines: one JSON object a line for machines, or a short plain line for people. Both carry the request
id.
"""

import logging
from datetime import UTC, datetime
from typing import Any

import orjson

from chassis.telemetry.trace import current

#: What every LogRecord has; whatever else is on a record was given as `extra` and is logged as a field.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configuration(style: str, level: str) -> dict[str, Any]:
    """Django's LOGGING: everything to standard error, in `style` "json" or "plain"."""
    formatters = {"json": f"{__name__}.JsonLines", "plain": f"{__name__}.PlainLines"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatters[style]}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
        },
    }


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_ids(),
            **_extras(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()


class PlainLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        request = _ids().get("request_id")
        return super().formatMessage(record) + (f" [{request}]" if request else "")


def _ids() -> dict[str, str]:
    trace = current.get()
    return {} if trace is None else {"request_id": trace.request_id, "trace_id": trace.trace_id}


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in STANDARD and name != "request"}
