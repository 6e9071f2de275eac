"""What happens after a commit, and in the background."""

import logging
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from monolith import facts
from monolith.orders.events import OrderPlaced
from monolith.orders.models import Confirmation
from monolith.orders.tasks import confirm_order
from monolith.users.models import RefreshToken
from monolith.users.services import sessions
from monolith.users.tasks import prune_refresh_tokens
from tests.integration.monolith.conftest import Shopper


@pytest.mark.django_db(transaction=True)
def test_an_order_is_confirmed_once(shopper: Shopper, eager_tasks: None) -> None:
    """Placing an order records a confirmation to the customer's address; running the task again records no second."""
    shopper.order()
    confirmation = Confirmation.objects.get()
    assert confirmation.email == shopper.user.email
    confirm_order(confirmation.order_id)
    assert Confirmation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_failing_handler_costs_nobody_an_order(shopper: Shopper, monkeypatch: Any, caplog: Any) -> None:
    """The order is placed and answered although its fact could not be handed on; the log has it."""

    def fail(_: OrderPlaced) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setitem(facts._handlers(), OrderPlaced, [fail])
    with caplog.at_level(logging.ERROR):
        assert shopper.order().status_code == 201
    assert "no broker" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_fact_of_a_rolled_back_transaction_is_none(monkeypatch: Any) -> None:
    """Nobody hears of what did not happen."""
    heard: list[object] = []
    monkeypatch.setitem(facts._handlers(), str, [heard.append])
    with transaction.atomic():
        facts.publish("committed")
    with transaction.atomic():
        facts.publish("rolled back")
        transaction.set_rollback(True)
    assert heard == ["committed"]


@pytest.mark.django_db
def test_pruning_deletes_what_is_of_no_use(shopper: Shopper) -> None:
    """Expired, long used and long revoked tokens go; the others stay."""
    now = timezone.now()
    old, fresh = now - timedelta(days=2), now - timedelta(hours=1)
    kept = [_token(shopper), _token(shopper, used_at=fresh), _token(shopper, revoked_at=fresh)]
    for times in ({"expires_at": fresh}, {"used_at": old}, {"revoked_at": old}):
        _token(shopper, **times)
    assert prune_refresh_tokens() == 3
    assert set(RefreshToken.objects.values_list("id", flat=True)) == {token.id for token in kept}


@pytest.mark.django_db
def test_pruning_leaves_the_service_its_business(shopper: Shopper) -> None:
    """Where the service has authority the task deletes nothing, and does not fail."""
    _token(shopper, expires_at=timezone.now() - timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO banyan_authority (context, owner, epoch) VALUES ('users', 'service', 1)")
    assert prune_refresh_tokens() == 0
    assert RefreshToken.objects.count() == 1


@pytest.mark.django_db
def test_an_expired_token_is_of_no_use(shopper: Shopper) -> None:
    """A refresh token is good for thirty days and not a second longer."""
    RefreshToken.objects.create(
        user=shopper.user,
        family=uuid4(),
        token_hash=sessions._hash("the token"),
        expires_at=timezone.now() - timedelta(seconds=1),
    )
    with pytest.raises(sessions.BadRefreshToken):
        sessions.refresh("the token")


@pytest.mark.django_db
def test_a_closed_account_cannot_log_in_or_go_on(shopper: Shopper) -> None:
    """Closing an account ends its sessions at the next refresh, and its profile at once."""
    session = sessions._session(shopper.user, uuid4())
    type(shopper.user).objects.filter(pk=shopper.user.pk).update(is_active=False)
    with pytest.raises(sessions.BadRefreshToken):
        sessions.refresh(session.refresh)
    assert shopper.call("GET", "users/me").status_code == 401
    assert shopper.call("PATCH", "users/me", {"title": "Dr"}).status_code == 401


def _token(shopper: Shopper, **times: Any) -> RefreshToken:
    values = {"expires_at": timezone.now() + timedelta(days=1), **times}
    return RefreshToken.objects.create(user=shopper.user, family=uuid4(), token_hash=uuid4().hex, **values)
