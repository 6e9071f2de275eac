"""The words that generated data is made of. A word that stands more often is drawn more often."""

from typing import TypeVar

Word = TypeVar("Word")

TITLES = ("",) * 14 + ("Mr.",) * 3 + ("Ms.",) * 3 + ("Ms", "Mrs.", "Sra.", "Dr.")
SUFFIXES = ("",) * 40 + ("Jr.", "Sr.", "III", "PhD")
FIRST = (
    "Ana", "Ben", "Chloé", "Dan", "Eduardo", "Fatima", "Grace", "Hugo", "Ines", "James", "José", "Jürgen", "Katherine",
    "Lucía", "Maria", "Noah", "Olga", "Pedro", "Quinn", "Rosa", "Sébastien", "Thomas", "Uma", "Víctor", "Wei", "Xavier",
    "Yara", "Zoë", "Łukasz", "Ængus", "María José", "Jean-Luc", "D'Arcy",
)  # fmt: skip
LAST = (
    "Adams", "Álvarez", "Brown", "Carlson", "Díaz", "Evans", "Flores", "García", "Hill", "Ibáñez", "Jones", "King", "Li",
    "Martínez", "Müller", "Nakamura", "O'Brien", "Peterson", "Quist", "Rodríguez", "Sánchez", "Torres", "Ulrich", "van der Berg",
    "White", "Xu", "Young", "Zheng", "Ødegård", "Smith-Jones", "de la Cruz",
)  # fmt: skip
MIDDLE = ("",) * 9 + ("A", "B", "J", "L", "M.", "R", "Lee", "María")
MAILBOXES = ("example.com", "example.org", "example.net", "mail.example.com")
NICKNAMES: tuple[str | None, ...] = (None,) * 12 + ("", "Sunny", "Ace", "Ñandú", "猫", "“the Bear”")
STREETS = (
    "Napa Ct.", "Mt. Dias Blv.", "Rue de la Paix", "Hauptstraße",
    "Calle Mayor", "King Street", "Østergade", "Main St.", "5th Ave", "Church Lane",
)  # fmt: skip
SECOND_LINES = ("",) * 14 + ("Apt. 4", "c/o Müller", "Unit 7/2", "2ème étage", "Postfach 12")
TOWNS = (
    ("Bothell", "WA ", "98011", "US"), ("Portland", "OR ", "97205", "US"), ("Paris", "75 ", "75001", "FR"),
    ("Köln", "", "50667", "DE"), ("Sooke", "BC", "V0", "CA"), ("London", "ENG", "SW6 2BT", "GB"), ("Málaga", "", "29001", "ES"),
    ("Geelong", "VIC", "3220", "AU"), ("Zürich", "ZH", "8001", "CH"), ("São Paulo", "SP", "01000-000", "BR"),
)  # fmt: skip
PREFERENCES = (
    ("language", "en"), ("language", "de"), ("newsletter", "weekly"), ("newsletter", ""), ("theme", "dark"), ("currency", "EUR"),
)  # fmt: skip
LABELS = ("", "", "Home", "Büro", "Mum's", "Warehouse 2")
COLORS = ("", "", "Black", "Red", "Silver", "Bleu")
SIZES = ("", "", "S", "M", "L", "58")
CATEGORIES = ("Bikes", "Components", "Clothing", "Accessories")
SUBCATEGORIES = ("Road", "Mountain", "Touring", "City", "Kids")
THINGS = ("Frame", "Helmet", "Jersey", "Lamp", "Saddle", "Pump", "Bottle", "Crème", "Lock", "Glove")
