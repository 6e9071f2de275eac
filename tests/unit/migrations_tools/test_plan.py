"""A plan that contradicts itself does not load, and says everything that is wrong with it."""

from dataclasses import replace

import pytest

from migrations_tools.plan import Gates, InvalidPlan, Route, Table, resolve
from migrations_tools.plans import PLANS, UnknownContext, plan_of
from migrations_tools.plans.users import PLAN


def test_every_plan_is_registered_under_its_own_name() -> None:
    """A registry key and the plan's own name cannot drift apart."""
    assert {name: plan.context for name, plan in PLANS.items()} == {name: name for name in PLANS}


def test_all_errors_are_reported_at_once() -> None:
    """Whoever corrects a declaration sees all of its faults in one go."""
    aggregate = replace(PLAN.aggregates[0], not_migrated={"users_usr.last_login": " "}, to_legacy="acl.users.translate")
    with pytest.raises(InvalidPlan) as refusal:
        replace(
            PLAN, routes=(Route("api/v1/users/", read=("FETCH",)),), aggregates=(aggregate,),
            gates=Gates(shadow_match=99.9, lag_seconds=0), gateway="nowhere",
        )  # fmt: skip
    text = "\n".join(refusal.value.errors)
    faults = "slash, FETCH, none of its tables, without a reason, to_legacy, shadow_match, lag, gateway"
    assert [fault for fault in faults.split(", ") if fault not in text] == []


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ((Table("users_address"),), "names no foreign key"),
        ((Table("users_user", fk="user_id"),), "declared twice"),
        ((Table("users; drop", fk="user_id"),), "no plain SQL name"),
        ((Table("users_address", key=(), fk=None),), "has no key"),
    ],
)
def test_a_wrong_part_is_refused(parts: tuple[Table, ...], fault: str) -> None:
    """A part must be a table of its own that names its root."""
    with pytest.raises(InvalidPlan, match=fault):
        replace(PLAN, aggregates=(replace(PLAN.aggregates[0], parts=parts),))


def test_sequences_are_derived_from_the_keys() -> None:
    """Only keys that the database numbers are handed over: not UUIDs, not composite keys."""
    assert {table.name: table.sequence_column for table in PLAN.tables} == {
        "users_user": "id",
        "users_address": "id",
        "users_preference": None,
        "users_refreshtoken": None,
    }


def test_every_row_leads_to_its_aggregate() -> None:
    """The column with the aggregate's key is the root's own key, and a part's foreign key."""
    assert {table.name: table.aggregate_column for table in PLAN.tables} == {
        "users_user": "id",
        "users_address": "user_id",
        "users_preference": "user_id",
        "users_refreshtoken": "user_id",
    }


def test_references_are_loaded_late_and_loudly() -> None:
    """A reference to something that is not there fails when it is asked for, not silently."""
    assert resolve("migrations_tools.plan:resolve") is resolve
    with pytest.raises(AttributeError):
        resolve("migrations_tools.plan:absent")


def test_an_unknown_context_names_the_known_ones() -> None:
    """A typing error is answered with the names there are."""
    with pytest.raises(UnknownContext, match="users"):
        plan_of("user")
