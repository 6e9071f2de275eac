"""SQL that belongs to the tables: expressions for Django's models, and the function behind one of them.

`phone_e164` states the rule of `chassis.phone` once more, in SQL, so that the column is derived whoever writes the row; a test
holds the two against each other.
"""

from typing import Any, Final

from django.db import models
from django.db.models.expressions import RawSQL

_NXX: Final = "[2-9](?!11)[0-9]{2}"

CREATE_PHONE_E164: Final = rf"""
CREATE FUNCTION phone_e164(original text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
    WHEN original ~ '^\+[2-9]([ .-]?[0-9]){{7,14}}$' THEN translate(original, ' .-', '')
    WHEN original ~ '^\+1([ .-]?[0-9]){{10}}$' AND translate(original, ' .-', '') ~ '^\+1({_NXX}){{2}}[0-9]{{4}}$'
        THEN translate(original, ' .-', '')
    WHEN original ~ '^(1-)?{_NXX}-{_NXX}-[0-9]{{4}}$' OR original ~ '^\({_NXX}\) {_NXX}-[0-9]{{4}}$'
        THEN '+1' || right(translate(original, ' ()-', ''), 10)
END;
"""
DROP_PHONE_E164: Final = "DROP FUNCTION phone_e164(text);"

CREATE_ADDRESS_NUMBERS: Final = "CREATE SEQUENCE addresses_number_seq AS bigint;"
DROP_ADDRESS_NUMBERS: Final = "DROP SEQUENCE addresses_number_seq;"


class PhoneE164(models.Func):
    """`phone_e164(<original>)`."""

    function = "phone_e164"
    arity = 1


class NextAddressNumber(models.Func):
    """The next number of an address; numbers are unique over all accounts, as the legacy table's keys were."""

    function = "nextval"
    template = "nextval('addresses_number_seq')"
    arity = 0
    output_field = models.BigIntegerField()


class Condition(RawSQL):
    """A condition on a row in PostgreSQL's own words, for check constraints that `Q` has no words for."""

    def __init__(self, sql: str, params: Any = (), output_field: "models.Field[Any, Any] | None" = None) -> None:
        super().__init__(sql, params, output_field or models.BooleanField())
