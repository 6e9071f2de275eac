"""Changes that a route declares to the members of JSON bodies.

A body is written anew also where nothing is to be changed: of two members with one name, only one is left. What is left keeps its
value. It refuses to round numbers: amounts and keys are no floats.
"""

from decimal import InvalidOperation
from typing import Annotated, Any

import simplejson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from facade.responses import pointer
from facade.responses.pointer import Steps


def _pointer(text: str) -> str:
    pointer.parse(text)
    return text


Pointer = Annotated[str, AfterValidator(_pointer)]


class Members(BaseModel):
    """Changes to a JSON body of at most `largest` bytes: pointers to `remove`, and new names by pointer. `*`: every element."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    remove: tuple[Pointer, ...] = ()
    rename: dict[Pointer, str] = {}
    largest: int = Field(default=64 * 1024, gt=0, le=1 << 20)


class MemberChanges:
    """They compiled."""

    def __init__(self, declared: Members) -> None:
        self.largest = declared.largest
        self._remove: list[Steps] = [pointer.parse(text) for text in declared.remove]
        self._rename: list[tuple[Steps, str]] = [(pointer.parse(text), name) for text, name in declared.rename.items()]

    def changed(self, body: bytes) -> bytes:
        """The body as declared. Raises ValueError for what is no JSON, or more than can be held: nested too deeply, or integers
        of thousands of digits.
        """
        try:
            document: Any = simplejson.loads(body, use_decimal=True)
            for steps in self._remove:
                pointer.remove(document, steps)
            for steps, name in self._rename:
                pointer.rename(document, steps, name)
            return simplejson.dumps(document, use_decimal=True, ensure_ascii=False, separators=(",", ":")).encode()
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        except (simplejson.JSONDecodeError, UnicodeError):
            raise
        except ValueError as error:  # in words for programmers
            raise ValueError("an integer has too many digits") from error
        except InvalidOperation as error:
            raise ValueError("the exponent of a number is too large") from error
