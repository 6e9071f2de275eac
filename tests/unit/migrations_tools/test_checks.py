"""`manage.py check` holds the plans against the models."""

from dataclasses import replace

import pytest
from django.db import models

from migrations_tools import checks
from migrations_tools.plans.users import PLAN
from monolith.users.models import User


def test_the_plans_fit_the_models() -> None:
    """Every column of every moving model is translated both ways or excused, and every reference
    leads somewhere.
    """
    assert checks.plans_fit_the_models() == []


def test_a_model_that_grew_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed model of a moving context whose plan was not updated fails the check."""
    colour = models.CharField(max_length=10)
    colour.set_attributes_from_name("colour")
    monkeypatch.setattr(User._meta, "concrete_fields", (*User._meta.concrete_fields, colour))
    [message] = checks.plans_fit_the_models()
    assert message.id == checks.MODELS
    assert "users_user.colour is neither translated nor excused" in message.msg
    assert "plans/users.py" in message.hint


def test_all_errors_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong gateway does not hide a missing excuse."""
    aggregate = replace(PLAN.aggregates[0], not_migrated={})
    wrong = replace(PLAN, aggregates=(aggregate,), gateway="acl.users.gatway:UsersGateway")
    monkeypatch.setattr(checks, "PLANS", {"users": wrong})
    assert [message.id for message in checks.plans_fit_the_models()] == [checks.MODELS, checks.REFERENCE]
