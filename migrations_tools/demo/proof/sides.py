"""How to read each side's tables, in one form: the same four relations, whichever side they come from.

The SQL is written here anew and shares nothing with the copier, the translations or the models, so that a mistake in those cannot
hide itself.

customers  key, public_id, email, password, title, given, middle, family, suffix, nickname, phone, phone_kind, promotion,
           account_number, active, profile address or NULL, created_at, updated_at
addresses  user key, number, kind, label, first line, second line, city, region, postal_code, country, created_at
preferences  user key, name, value
sessions  user key, id, family, token_hash, issued_at, expires_at, used_at, revoked_at
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Side:
    """Queries of the four relations; each begins with the customer's key, and its rows are one per its first two columns."""

    customers: str
    addresses: str
    preferences: str
    sessions: str

    def relations(self) -> dict[str, str]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


def _word(column: str, *words: str) -> str:
    """A legacy code in words; an unknown code stays a number, which no service row equals."""
    cases = " ".join(f"WHEN {code} THEN '{word}'" for code, word in enumerate(words) if word)
    return f"CASE {column} {cases} ELSE {column}::text END"


LEGACY = Side(
    customers=f"""
        SELECT id AS key, public_id, email, password, title, first_name, middle_name, last_name, suffix, nickname, phone,
            {_word("phone_type", "unknown", "cell", "home", "work")} AS phone_kind,
            {_word("email_promotion", "none", "own", "partners")} AS promotion, account_number, is_active,
            CASE WHEN concat(address_line1, address_line2, city, state, postal_code, country_code) <> ''
                THEN ARRAY[address_line1, address_line2, city, state, postal_code, country_code] END AS profile,
            date_joined, modified
        FROM users_user""",
    addresses=f"""
        SELECT user_id AS key, id AS number,
            {_word("kind", "", "billing", "home", "main_office", "primary", "shipping", "archive")} AS kind,
            label, address_line1, address_line2, city, state, postal_code, country_code, created_at
        FROM users_address""",
    preferences="SELECT user_id AS key, name, value FROM users_preference",
    sessions="""
        SELECT user_id AS key, id, family, token_hash, issued_at, expires_at, used_at, revoked_at
        FROM users_refreshtoken""",
)

SERVICE = Side(
    customers="""
        SELECT a.id AS key, public_id, email, password, name_title, name_given, name_middle, name_family, name_suffix,
            name_display AS nickname, phone_original, phone_kind, marketing, account_number, active,
            CASE WHEN p.number IS NOT NULL THEN ARRAY[
                coalesce(p.lines[1], ''), coalesce(p.lines[2], ''), p.city, p.region, p.postal_code, p.country] END AS profile,
            a.created_at, a.updated_at
        FROM accounts a LEFT JOIN addresses p ON p.account_id = a.id AND p.number = 0""",
    addresses="""
        SELECT account_id AS key, number, kind, label, coalesce(lines[1], ''), coalesce(lines[2], ''),
            city, region, postal_code, country, created_at
        FROM addresses WHERE number > 0""",
    preferences="""
        SELECT id AS key, each.key AS name, each.value AS value FROM accounts, jsonb_each_text(preferences) AS each""",
    sessions="""
        SELECT account_id AS key, id, family, token_hash, issued_at, expires_at, used_at, revoked_at FROM sessions""",
)
