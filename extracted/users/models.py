"""The service's tables: accounts with their addresses and sessions.

The constraints admit exactly what the legacy shape can hold, so that every row of this service has a way back: two address lines
at most, the last one not blank; a profile address, number 0, that says something; words from closed lists; preferences that are
texts within the legacy columns' limits.

Unique values are checked at the end of each statement: a replica's merge may hand them from one row to another.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from chassis.ids import UuidV7, uuid7
from extracted.users.schema import Condition, NextAddressNumber, PhoneE164

PROFILE = 0
"""The number of the profile address."""


class PhoneKind(models.TextChoices):
    UNKNOWN = "unknown"
    CELL = "cell"
    HOME = "home"
    WORK = "work"


class Marketing(models.TextChoices):
    NONE = "none"
    OWN = "own"
    PARTNERS = "partners"


class AddressKind(models.TextChoices):
    BILLING = "billing"
    HOME = "home"
    MAIN_OFFICE = "main_office"
    PRIMARY = "primary"
    SHIPPING = "shipping"
    ARCHIVE = "archive"
    PROFILE = "profile"


def _unique(table: str, column: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(fields=[column], name=f"{table}_{column}_key", deferrable=models.Deferrable.IMMEDIATE)


class Account(models.Model):
    """A customer. `version` rises at each write to the account or to what belongs to it; it is this service's own."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid7, db_default=UuidV7(), editable=False)
    version = models.BigIntegerField(default=1, db_default=1)
    email = models.CharField(max_length=254)
    password = models.CharField(max_length=128, blank=True, db_default="")
    name_title = models.CharField(max_length=8, blank=True, db_default="")
    name_given = models.CharField(max_length=50, blank=True, db_default="")
    name_middle = models.CharField(max_length=50, blank=True, db_default="")
    name_family = models.CharField(max_length=50, blank=True, db_default="")
    name_suffix = models.CharField(max_length=10, blank=True, db_default="")
    name_display = models.CharField(max_length=100, null=True, blank=True)
    phone_original = models.CharField(max_length=25, blank=True, db_default="")
    phone_e164 = models.GeneratedField(
        expression=PhoneE164("phone_original"), output_field=models.CharField(max_length=16), db_persist=True
    )
    phone_kind = models.CharField(max_length=7, choices=PhoneKind, default="unknown", db_default="unknown")
    marketing = models.CharField(max_length=8, choices=Marketing, default="none", db_default="none")
    account_number = models.CharField(max_length=20, blank=True, db_default="")
    active = models.BooleanField(default=True, db_default=True)
    preferences = models.JSONField(default=dict, db_default={}, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "accounts"
        constraints = [
            _unique("accounts", "public_id"),
            _unique("accounts", "email"),
            models.CheckConstraint(condition=Q(id__gte=1), name="accounts_id"),
            models.CheckConstraint(condition=Q(phone_kind__in=PhoneKind.values), name="accounts_phone_kind"),
            models.CheckConstraint(condition=Q(marketing__in=Marketing.values), name="accounts_marketing"),
            models.CheckConstraint(
                condition=Condition(
                    """jsonb_typeof(preferences) = 'object'
                    AND NOT preferences @? 'strict $.* ? (@.type() != "string" || !(@ like_regex "^.{0,200}$" flag "s"))'
                    AND NOT preferences @? 'strict $.keyvalue().key ? (!(@ like_regex "^.{0,40}$" flag "s"))'"""
                ),
                name="accounts_preferences",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class Address(models.Model):
    """An address of an account. Number 0 is the profile address, of which the legacy shape knows no label and no age."""

    pk = models.CompositePrimaryKey("account_id", "number")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="addresses", db_index=False)
    number = models.BigIntegerField(db_default=NextAddressNumber())
    kind = models.CharField(max_length=11, choices=AddressKind)
    label = models.CharField(max_length=40, blank=True, db_default="")
    lines = ArrayField(models.TextField(blank=True), size=2, default=list, blank=True)
    city = models.CharField(max_length=60, blank=True, db_default="")
    region = models.CharField(max_length=50, blank=True, db_default="")
    postal_code = models.CharField(max_length=15, blank=True, db_default="")
    country = models.CharField(max_length=2, blank=True, db_default="")
    created_at = models.DateTimeField(null=True, blank=True, db_default=Now())

    class Meta:
        db_table = "addresses"
        constraints = [
            models.UniqueConstraint(fields=["number"], name="addresses_number_key", condition=Q(number__gt=PROFILE)),
            models.CheckConstraint(condition=Q(number__gte=PROFILE), name="addresses_number"),
            models.CheckConstraint(condition=Q(kind__in=AddressKind.values), name="addresses_kind"),
            models.CheckConstraint(
                condition=Condition(
                    """CASE WHEN number = 0 THEN kind = 'profile' AND label = '' AND created_at IS NULL
                    AND (lines <> '{}' OR city <> '' OR region <> '' OR postal_code <> '' OR country <> '')
                    ELSE kind <> 'profile' AND created_at IS NOT NULL END"""
                ),
                name="addresses_profile",
            ),
            models.CheckConstraint(
                condition=Condition(
                    """lines = '{}' OR array_ndims(lines) = 1 AND array_lower(lines, 1) = 1 AND array_upper(lines, 1) <= 2
                    AND array_position(lines, NULL) IS NULL AND lines[array_upper(lines, 1)] <> ''
                    AND char_length(lines[1]) <= 60 AND (lines[2] IS NULL OR char_length(lines[2]) <= 60)"""
                ),
                name="addresses_lines",
            ),
        ]

    def __str__(self) -> str:
        return f"{', '.join(self.lines)}, {self.city}"


class Session(models.Model):
    """A refresh token, kept as its SHA-256. Each use replaces it by a new one of the same family.

    The account is part of the key so that a replica's merge by key can never reach into another account.
    """

    pk = models.CompositePrimaryKey("account_id", "id")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions", db_index=False)
    id = models.UUIDField(default=uuid7, db_default=UuidV7(), editable=False)
    family = models.UUIDField()
    token_hash = models.CharField(max_length=64)
    issued_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "sessions"
        constraints = [_unique("sessions", "id"), _unique("sessions", "token_hash")]

    def __str__(self) -> str:
        return str(self.id)
