"""How messages of Envoy's API are written as JSON."""

from typing import Any


def typed(kind: str, **fields: Any) -> dict[str, Any]:
    """A message of a type that Envoy finds by its name."""
    return {"@type": f"type.googleapis.com/{kind}", **fields}


def seconds(value: float) -> str:
    """A duration as protobuf's JSON writes it."""
    return f"{value:.9f}".rstrip("0").rstrip(".") + "s"
