"""System checks: every plan against the Django models (always) and against the real schema (`check
--database default`).

A model of a moving context that changed without its plan is an error: the new column would stay
behind at the cut-over, unnoticed. The real schema is looked at once it is migrated; what stands in
unapplied migrations is no fault of a plan.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from migrations_tools.mapping import Columns, findings
from migrations_tools.plan import ContextPlan, resolve
from migrations_tools.plans import PLANS

MODELS, SCHEMA, REFERENCE = "banyan.E001", "banyan.E002", "banyan.E003"

_COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = ANY(current_schemas(false)) AND table_name = ANY(%s)
"""


@register(Tags.models)
def plans_fit_the_models(**_options: Any) -> list[CheckMessage]:
    """Each plan against the models, and each of its references against the code."""
    return [message for plan in PLANS.values() for message in (*_against(plan, _of_models(), MODELS), *_unresolved(plan))]


@register(Tags.database)
def plans_fit_the_schema(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Each plan against the tables of the database `default`, unless migrations wait or the
    tables were archived and dropped.
    """
    if "default" not in (databases or ()):
        return []
    connection = connections["default"]
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return []
    messages: list[CheckMessage] = []
    for plan in PLANS.values():
        with connection.cursor() as cursor:
            cursor.execute(_COLUMNS, [[table.name for table in plan.tables]])
            real = _nested(cursor.fetchall())
        if real:
            messages += _against(plan, real, SCHEMA)
    return messages


def _against(plan: ContextPlan, columns: Columns, number: str) -> Iterator[CheckMessage]:
    hint = f"Correct the translation or migrations_tools/plans/{plan.context}.py."
    for aggregate in plan.aggregates:
        for finding in findings(aggregate, columns):
            yield Error(f"plan of {plan.context}: {finding}", hint=hint, id=number)


def _unresolved(plan: ContextPlan) -> Iterator[CheckMessage]:
    for what in ("port", "local", "gateway"):
        reference = getattr(plan, what)
        try:
            resolve(reference)
        except (ImportError, AttributeError) as error:
            yield Error(f"plan of {plan.context}: {what} {reference} cannot be imported: {error}", id=REFERENCE)


def _of_models() -> Columns:
    connection = connections["default"]
    return _nested(
        (model._meta.db_table, column, _type(field.db_type(connection)))
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if (column := field.column)
    )


def _type(declared: str | None) -> str:
    """A column's type without its size: `varchar(50)` is told apart from `smallint`, nothing more."""
    return (declared or "").partition("(")[0]


def _nested(rows: Any) -> Columns:
    nested: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        nested.setdefault(table, {})[column] = kind
    return nested
