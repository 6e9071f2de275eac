"""Fence and capture on the service's tables, and the sequences that change hands with the authority.

The service starts without authority, so everything but the relay's batches is refused until a hand-over.
"""

from django.db import migrations

from chassis.replica.triggers import CapturedAggregate, CapturedTable, drop_sql, install_sql

AGGREGATES = [
    CapturedAggregate(
        "user",
        CapturedTable("accounts", "id"),
        (CapturedTable("addresses", "account_id"), CapturedTable("sessions", "account_id")),
        {"user": "accounts_id_seq", "user.address": "addresses_number_seq"},
    )
]


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial"), ("replica", "0001_initial")]
    operations = [migrations.RunSQL(install_sql("users", "service", AGGREGATES), drop_sql("users", AGGREGATES))]
