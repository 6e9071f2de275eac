"""The customers as the monolith has always stored them.

The shape is a legacy on purpose: one address lives in flat columns of the customer's own row, beside the table that was added
for the others; the phone number is whatever was typed; preferences are name/value rows. Staff logins are Django's own
`auth.User` and have nothing to do with these tables.
"""

from django.db import models
from django.db.models.functions import Now

from chassis.ids import UuidV7, uuid7


class EmailPromotion(models.IntegerChoices):
    NONE = 0
    OWN = 1
    PARTNERS = 2


class PhoneType(models.IntegerChoices):
    UNKNOWN = 0
    CELL = 1
    HOME = 2
    WORK = 3


class AddressKind(models.IntegerChoices):
    BILLING = 1
    HOME = 2
    MAIN_OFFICE = 3
    PRIMARY = 4
    SHIPPING = 5
    ARCHIVE = 6


class User(models.Model):
    """A customer. `address_line1` … `country_code` are the profile address; all blank means that there is none."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid7, db_default=UuidV7(), editable=False)
    email = models.CharField(max_length=254)
    password = models.CharField(max_length=128, blank=True, db_default="")
    title = models.CharField(max_length=8, blank=True, db_default="")
    first_name = models.CharField(max_length=50, blank=True, db_default="")
    middle_name = models.CharField(max_length=50, blank=True, db_default="")
    last_name = models.CharField(max_length=50, blank=True, db_default="")
    suffix = models.CharField(max_length=10, blank=True, db_default="")
    nickname = models.CharField(max_length=100, null=True, blank=True)
    phone = models.CharField(max_length=25, blank=True, db_default="")
    phone_type = models.SmallIntegerField(choices=PhoneType, db_default=0, default=0)
    address_line1 = models.CharField(max_length=60, blank=True, db_default="")
    address_line2 = models.CharField(max_length=60, blank=True, db_default="")
    city = models.CharField(max_length=60, blank=True, db_default="")
    state = models.CharField(max_length=50, blank=True, db_default="")
    postal_code = models.CharField(max_length=15, blank=True, db_default="")
    country_code = models.CharField(max_length=2, blank=True, db_default="")
    email_promotion = models.SmallIntegerField(choices=EmailPromotion, db_default=0, default=0)
    account_number = models.CharField(max_length=20, blank=True, db_default="")
    is_active = models.BooleanField(default=True, db_default=True)
    date_joined = models.DateTimeField(db_default=Now())
    modified = models.DateTimeField(db_default=Now())
    last_login = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], name="users_user_email_key", deferrable=models.Deferrable.IMMEDIATE),
            models.CheckConstraint(condition=models.Q(id__gte=1), name="users_user_id"),
            models.CheckConstraint(condition=models.Q(phone_type__range=(0, 3)), name="users_user_phone_type"),
            models.CheckConstraint(condition=models.Q(email_promotion__range=(0, 2)), name="users_user_email_promotion"),
        ]

    def __str__(self) -> str:
        return self.email


class Address(models.Model):
    """One of a customer's further addresses."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="addresses")
    kind = models.SmallIntegerField(choices=AddressKind)
    label = models.CharField(max_length=40, blank=True, db_default="")
    address_line1 = models.CharField(max_length=60, blank=True, db_default="")
    address_line2 = models.CharField(max_length=60, blank=True, db_default="")
    city = models.CharField(max_length=60, blank=True, db_default="")
    state = models.CharField(max_length=50, blank=True, db_default="")
    postal_code = models.CharField(max_length=15, blank=True, db_default="")
    country_code = models.CharField(max_length=2, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # The number 0 is the profile address's, on every wire.
            models.CheckConstraint(condition=models.Q(id__gte=1), name="users_address_id"),
            models.CheckConstraint(condition=models.Q(kind__range=(1, 6)), name="users_address_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.address_line1}, {self.city}"


class Preference(models.Model):
    """A customer's preference, as a name and a value."""

    pk = models.CompositePrimaryKey("user_id", "name")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="preferences")
    name = models.CharField(max_length=40)
    value = models.CharField(max_length=200, blank=True, db_default="")

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class RefreshToken(models.Model):
    """A refresh token, kept as its SHA-256. Each use replaces it by a new one of the same family."""

    id = models.UUIDField(primary_key=True, default=uuid7, db_default=UuidV7(), editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="refresh_tokens")
    family = models.UUIDField()
    token_hash = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.id)
