"""The tables of `extracted.users.models`, and the function and the sequence that their columns use."""

import django.contrib.postgres.fields
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import chassis.ids
import extracted.users.schema


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(extracted.users.schema.CREATE_PHONE_E164, extracted.users.schema.DROP_PHONE_E164),
        migrations.RunSQL(extracted.users.schema.CREATE_ADDRESS_NUMBERS, extracted.users.schema.DROP_ADDRESS_NUMBERS),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(db_default=chassis.ids.UuidV7(), default=chassis.ids.uuid7, editable=False)),
                ("version", models.BigIntegerField(db_default=1, default=1)),
                ("email", models.CharField(max_length=254)),
                ("password", models.CharField(blank=True, db_default="", max_length=128)),
                ("name_title", models.CharField(blank=True, db_default="", max_length=8)),
                ("name_given", models.CharField(blank=True, db_default="", max_length=50)),
                ("name_middle", models.CharField(blank=True, db_default="", max_length=50)),
                ("name_family", models.CharField(blank=True, db_default="", max_length=50)),
                ("name_suffix", models.CharField(blank=True, db_default="", max_length=10)),
                ("name_display", models.CharField(blank=True, max_length=100, null=True)),
                ("phone_original", models.CharField(blank=True, db_default="", max_length=25)),
                (
                    "phone_e164",
                    models.GeneratedField(
                        db_persist=True,
                        expression=extracted.users.schema.PhoneE164("phone_original"),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                (
                    "phone_kind",
                    models.CharField(
                        choices=[("unknown", "Unknown"), ("cell", "Cell"), ("home", "Home"), ("work", "Work")],
                        db_default="unknown",
                        default="unknown",
                        max_length=7,
                    ),
                ),
                (
                    "marketing",
                    models.CharField(
                        choices=[("none", "None"), ("own", "Own"), ("partners", "Partners")],
                        db_default="none",
                        default="none",
                        max_length=8,
                    ),
                ),
                ("account_number", models.CharField(blank=True, db_default="", max_length=20)),
                ("active", models.BooleanField(db_default=True, default=True)),
                ("preferences", models.JSONField(blank=True, db_default={}, default=dict)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "accounts",
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                        fields=("public_id",),
                        name="accounts_public_id_key",
                    ),
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                        fields=("email",),
                        name="accounts_email_key",
                    ),
                    models.CheckConstraint(condition=models.Q(("id__gte", 1)), name="accounts_id"),
                    models.CheckConstraint(
                        condition=models.Q(("phone_kind__in", ["unknown", "cell", "home", "work"])), name="accounts_phone_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("marketing__in", ["none", "own", "partners"])), name="accounts_marketing"
                    ),
                    models.CheckConstraint(
                        condition=extracted.users.schema.Condition(
                            'jsonb_typeof(preferences) = \'object\'\n                    AND NOT preferences @? \'strict $.* ? (@.type() != "string" || !(@ like_regex "^.{0,200}$" flag "s"))\'\n                    AND NOT preferences @? \'strict $.keyvalue().key ? (!(@ like_regex "^.{0,40}$" flag "s"))\''
                        ),
                        name="accounts_preferences",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Address",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.BigIntegerField(db_default=extracted.users.schema.NextAddressNumber())),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("billing", "Billing"),
                            ("home", "Home"),
                            ("main_office", "Main Office"),
                            ("primary", "Primary"),
                            ("shipping", "Shipping"),
                            ("archive", "Archive"),
                            ("profile", "Profile"),
                        ],
                        max_length=11,
                    ),
                ),
                ("label", models.CharField(blank=True, db_default="", max_length=40)),
                (
                    "lines",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(blank=True), blank=True, default=list, size=2
                    ),
                ),
                ("city", models.CharField(blank=True, db_default="", max_length=60)),
                ("region", models.CharField(blank=True, db_default="", max_length=50)),
                ("postal_code", models.CharField(blank=True, db_default="", max_length=15)),
                ("country", models.CharField(blank=True, db_default="", max_length=2)),
                ("created_at", models.DateTimeField(blank=True, db_default=django.db.models.functions.datetime.Now(), null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="addresses", to="users.account"
                    ),
                ),
            ],
            options={
                "db_table": "addresses",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("number__gt", 0)), fields=("number",), name="addresses_number_key"
                    ),
                    models.CheckConstraint(condition=models.Q(("number__gte", 0)), name="addresses_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["billing", "home", "main_office", "primary", "shipping", "archive", "profile"])
                        ),
                        name="addresses_kind",
                    ),
                    models.CheckConstraint(
                        condition=extracted.users.schema.Condition(
                            "CASE WHEN number = 0 THEN kind = 'profile' AND label = '' AND created_at IS NULL\n                    AND (lines <> '{}' OR city <> '' OR region <> '' OR postal_code <> '' OR country <> '')\n                    ELSE kind <> 'profile' AND created_at IS NOT NULL END"
                        ),
                        name="addresses_profile",
                    ),
                    models.CheckConstraint(
                        condition=extracted.users.schema.Condition(
                            "lines = '{}' OR array_ndims(lines) = 1 AND array_lower(lines, 1) = 1 AND array_upper(lines, 1) <= 2\n                    AND array_position(lines, NULL) IS NULL AND lines[array_upper(lines, 1)] <> ''\n                    AND char_length(lines[1]) <= 60 AND (lines[2] IS NULL OR char_length(lines[2]) <= 60)"
                        ),
                        name="addresses_lines",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey("account_id", "id", blank=True, editable=False, primary_key=True, serialize=False),
                ),
                ("id", models.UUIDField(db_default=chassis.ids.UuidV7(), default=chassis.ids.uuid7, editable=False)),
                ("family", models.UUIDField()),
                ("token_hash", models.CharField(max_length=64)),
                ("issued_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to="users.account"
                    ),
                ),
            ],
            options={
                "db_table": "sessions",
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"], fields=("id",), name="sessions_id_key"
                    ),
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                        fields=("token_hash",),
                        name="sessions_token_hash_key",
                    ),
                ],
            },
        ),
    ]
