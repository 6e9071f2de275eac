"""The orders API v1: a customer's own orders."""

import hashlib
import re
from typing import cast

import orjson
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chassis.identity.subject import Subject
from chassis.problems import NAMESPACE, Problem, invalid
from chassis.rest.pages import Pages
from monolith.orders.api import UnknownOrder
from monolith.orders.commands import KeyReused, OrderRefused, PlaceOrder
from monolith.orders.representation import order_json
from monolith.orders.serializers import OrderSerializer, PlaceOrderSerializer
from monolith.orders.services import history, placing
from monolith.users.api import InvalidAddress, UnknownCustomer

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,80}")


class OrdersView(APIView):
    @extend_schema(responses=OrderSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The customer's orders, newest first."""
        pages = Pages()
        page = pages.paginate_queryset(history.history(_key(request)), request) or []
        customers = history.customers_of(page)
        return pages.get_paginated_response([order_json(order, customers) for order in page])

    @extend_schema(
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
        request=PlaceOrderSerializer,
        responses={201: OrderSerializer},
    )
    def post(self, request: Request) -> Response:
        """Place an order. Repeated with the same Idempotency-Key, it answers with the order that is there
        already.
        """
        order, customer, is_new = _place(_command(request))
        body = order_json(order, {customer.key: customer})
        return Response(body, 201, headers={} if is_new else {"Idempotent-Replayed": "true"})


class OrderView(APIView):
    @extend_schema(responses=OrderSerializer)
    def get(self, request: Request, number: str) -> Response:
        """One of the customer's orders."""
        try:
            order = history.own_order(_key(request), number)
        except UnknownOrder as error:
            raise NotFound("You have no order with this number.") from error
        return Response(order_json(order, history.customers_of([order])))


def _key(request: Request) -> int:
    return cast("Subject", request.user).key


def _command(request: Request) -> PlaceOrder:
    """The request as a command; its digest is that of what was understood, so that blanks and order of
    names do not count.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
        raise invalid({"Idempotency-Key": ["1 to 80 visible ASCII characters."]})
    asked = PlaceOrderSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    values = asked.validated_data
    digest = hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return PlaceOrder(customer=_key(request), **values, idempotency_key=key, digest=digest)


def _place(wanted: PlaceOrder) -> placing.Placed:
    try:
        return placing.place_order(wanted)
    except OrderRefused as refusal:
        raise invalid(refusal.errors) from refusal
    except InvalidAddress as refusal:
        raise invalid({"new_address": refusal.errors}) from refusal
    except KeyReused as refusal:
        detail = "This Idempotency-Key was used for another order."
        raise Problem(422, detail, type=NAMESPACE + "idempotency-key-reused") from refusal
    except UnknownCustomer as refusal:
        raise Problem(401, "The account is gone.", headers={"WWW-Authenticate": 'Bearer realm="banyan"'}) from refusal
