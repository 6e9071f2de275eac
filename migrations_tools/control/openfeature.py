"""The flags through the OpenFeature API: `<context>.phase`, `<context>.read_percent`,
`<context>.shadow_percent`.

A team that has a flag system reads them where it reads the rest:

    openfeature.api.set_provider(BanyanProvider())
    openfeature.api.get_client().get_integer_value("users.read_percent", 0)

A flag that does not exist, or a control database that is down, yields the caller's default, with
the error code that says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import Error
from openfeature.exception import FlagNotFoundError, GeneralError, TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from migrations_tools.control.flags import current
from migrations_tools.plans import UnknownContext

FLAGS = ("phase", "read_percent", "shadow_percent")


class BanyanProvider(AbstractProvider):
    """Serves the flags of all contexts; it keeps nothing, so an answer is as fresh as the control
    database.
    """

    def get_metadata(self) -> Metadata:
        return Metadata(name="banyan")

    def resolve_boolean_details(self, flag_key: str, *_: Any, **__: Any) -> FlagResolutionDetails[bool]:
        return _resolved(flag_key, bool)

    def resolve_string_details(self, flag_key: str, *_: Any, **__: Any) -> FlagResolutionDetails[str]:
        return _resolved(flag_key, str)

    def resolve_integer_details(self, flag_key: str, *_: Any, **__: Any) -> FlagResolutionDetails[int]:
        return _resolved(flag_key, int)

    def resolve_float_details(self, flag_key: str, *_: Any, **__: Any) -> FlagResolutionDetails[float]:
        return _resolved(flag_key, float)

    def resolve_object_details(
        self, flag_key: str, *_: Any, **__: Any
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        return _resolved(flag_key, dict)


def _resolved(flag_key: str, kind: type[Any]) -> FlagResolutionDetails[Any]:
    context, _, name = flag_key.rpartition(".")
    if name not in FLAGS:
        raise FlagNotFoundError(f"{flag_key} is none of <context>.{{{', '.join(FLAGS)}}}")
    try:
        value = getattr(current(context), name)
    except UnknownContext as problem:
        raise FlagNotFoundError(str(problem)) from problem
    except Error as problem:
        raise GeneralError(f"the control database does not answer: {problem}") from problem
    if not isinstance(value, kind):
        raise TypeMismatchError(f"{flag_key} is {type(value).__name__}, not {kind.__name__}")
    return FlagResolutionDetails(value=value, reason=Reason.TARGETING_MATCH)
