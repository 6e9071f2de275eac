"""Country names as the data spells them, and their ISO 3166-1 codes. A name that is not listed is refused, not guessed."""

from monolith.loading.errors import FieldError

CODES = {
    "Australia": "AU",
    "Austria": "AT",
    "Bahrain": "BH",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Cyprus": "CY",
    "Czech Republic": "CZ",
    "Denmark": "DK",
    "EIRE": "IE",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Greece": "GR",
    "Hong Kong": "HK",
    "Iceland": "IS",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Lebanon": "LB",
    "Lithuania": "LT",
    "Malta": "MT",
    "Netherlands": "NL",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "RSA": "ZA",
    "Saudi Arabia": "SA",
    "Singapore": "SG",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "USA": "US",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
}
WITHOUT_CODE = frozenset({"Unspecified", "European Community", "Channel Islands"})


def country_code(name: str) -> str:
    """The ISO code, or blank for the three names that stand for no single country. Raises FieldError for another name."""
    if name in WITHOUT_CODE:
        return ""
    code = CODES.get(name)
    if code is None:
        raise FieldError(f"Country {name!r} is in no rule of monolith/loading/onlineretail/countries.py")
    return code
