"""The history of phase changes is append-only: the database refuses to change or to delete a row of it."""

from typing import ClassVar

from django.db import migrations

FORWARD = """
CREATE FUNCTION control_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of phase changes is append-only: % refused', lower(TG_OP)
        USING ERRCODE = 'BY403',
              HINT = 'A rewritten history would hide who moved authority. Record a new change instead.';
END $$;
CREATE TRIGGER control_phasechange_append_only BEFORE UPDATE OR DELETE ON control_phasechange
    FOR EACH STATEMENT EXECUTE FUNCTION control_refuse_rewriting();
ALTER TABLE control_phasechange ENABLE ALWAYS TRIGGER control_phasechange_append_only;
"""
BACK = """
DROP TRIGGER control_phasechange_append_only ON control_phasechange;
DROP FUNCTION control_refuse_rewriting();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("control", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(FORWARD, BACK)]
