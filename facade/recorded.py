"""What a running `manage.py up` has recorded of its processes, for commands beside it.

It refuses a record whose process is gone: the addresses may be somebody else's by now.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chassis import processes, records

_ADDRESSES = {"MONOLITH_URL": "monolith", "USERS_URL": "users"}


def platform(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """The record of the platform that runs in this environment's `var/`; empty where none does."""
    record = records.read(Path(environment.get("BANYAN_VAR") or "var") / "run" / "platform.json") or {}
    return record if processes.find(record.get("pid", 0)) is not None else {}


def beside(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, with the addresses of that platform where it names none itself."""
    if environment.get("MONOLITH_URL"):
        return environment
    record = platform(environment)
    return {**environment, **{variable: record[name] for variable, name in _ADDRESSES.items() if name in record}}
