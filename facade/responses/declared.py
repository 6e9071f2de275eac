"""What a route may say of its cache: the shape of that entry of the policies file."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Cached(BaseModel):
    """A route's `cache`: `true`, or a table. Times in seconds, `largest` in bytes.

    `ttl` is the lifetime of a 200 that names none. `stale_while_revalidate` and `stale_if_error` hold where the answer says
    nothing. `patience`: how long a request waits for the same one that is being fetched. `pass_for`: how long a target, once its
    answer could not be kept, is fetched by each request for itself, without waiting.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ttl: float | None = Field(default=None, gt=0, le=31_536_000)
    stale_while_revalidate: float = Field(default=0.0, ge=0, le=31_536_000)
    stale_if_error: float = Field(default=0.0, ge=0, le=31_536_000)
    largest: int = Field(default=1 << 20, gt=0)
    patience: float = Field(default=5.0, gt=0)
    pass_for: float = Field(default=10.0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _true(cls, value: Any) -> Any:
        return {} if value is True else value
