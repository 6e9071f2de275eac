"""A little shop in memory that speaks the platform's public API, and breaks its promises where a test plants it."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

Reply = tuple[int, Any]


@dataclass
class Shop:
    """Customers by e-mail address. Faults: `forgets` operations that are acknowledged and not done, `breaks` after so many
    requests with a 500, `hangs_up` likewise without an answer."""

    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    forgets: str = ""
    breaks: int = 0
    hangs_up: int = 0
    served: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, email: str, password: str, nickname: str | None = None) -> dict[str, Any]:
        customer = {"email": email, "password": password, "nickname": nickname, "phone": "", "profile": None}
        self.customers[email] = {**customer, "addresses": {}, "preferences": {}, "tokens": set()}
        return self.customers[email]

    def answer(self, method: str, path: str, body: Any, headers: Any) -> Reply:
        for pattern, answer in ROUTES:
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return answer(self, found, body, headers)
        return 404, {"detail": f"no {method} {path}"}

    def customer(self, headers: Any) -> dict[str, Any]:
        return self.customers[headers["Authorization"].removeprefix("Bearer ")]


def _register(shop: Shop, _: Any, body: Any, headers: Any) -> Reply:
    if body["email"] in shop.customers:
        return 409, {}
    if shop.forgets != "register":
        shop.add(body["email"], body["password"], body["nickname"])
    return 201, {"email": body["email"]}


def _session(shop: Shop, customer: dict[str, Any]) -> Reply:
    token = f"{customer['email']}/{next(shop.numbers)}"
    customer["tokens"].add(token)
    return 200, {"access": customer["email"], "refresh": token}


def _login(shop: Shop, _: Any, body: Any, headers: Any) -> Reply:
    customer = shop.customers.get(body["email"])
    if customer is None or customer["password"] != body["password"]:
        return 401, {}
    return _session(shop, customer)


def _refresh(shop: Shop, _: Any, body: Any, headers: Any) -> Reply:
    customer = shop.customers[body["refresh"].partition("/")[0]]
    if body["refresh"] not in customer["tokens"]:
        return 401, {}
    customer["tokens"].remove(body["refresh"])
    return _session(shop, customer)


def _me(shop: Shop, _: Any, body: Any, headers: Any) -> Reply:
    customer = shop.customer(headers)
    if body is not None and shop.forgets != "profile":
        customer.update(body)
    shown = {name: customer[name] for name in ("email", "nickname", "phone")}
    return 200, {**shown, "profile_address": customer["profile"]}


def _preferences(shop: Shop, _: Any, body: Any, headers: Any) -> Reply:
    customer = shop.customer(headers)
    if body is not None:
        customer["preferences"] = body
    return 200, customer["preferences"]


def _addresses(shop: Shop, _: Any, body: Any, headers: Any) -> Reply:
    customer = shop.customer(headers)
    if body is None:
        return 200, {"results": list(customer["addresses"].values())}
    return 201, _save(shop, customer, next(shop.numbers), body)


def _address(shop: Shop, found: Any, body: Any, headers: Any) -> Reply:
    customer, number = shop.customer(headers), int(found[1])
    if body is None:
        del customer["addresses"][number]
        return 204, None
    return 200, _save(shop, customer, number, body)


def _save(shop: Shop, customer: dict[str, Any], number: int, body: Any) -> Any:
    if number == 0:
        customer["profile"] = {**body, "number": 0}
        return customer["profile"]
    customer["addresses"][number] = {**body, "number": number}
    if shop.forgets == "once":  # done twice instead
        customer["addresses"][-number] = {**body, "number": -number}
    return customer["addresses"][number]


def _order(shop: Shop, _: Any, body: Any, headers: Any) -> Reply:
    customer, key = shop.customer(headers), headers["Idempotency-Key"]
    if key not in shop.orders:
        if body.get("save_address"):
            _save(shop, customer, next(shop.numbers), body["new_address"])
        shop.orders[key] = {"number": f"SO{next(shop.numbers)}", "email": customer["email"]}
    return 201, shop.orders[key]


def _history(shop: Shop, _: Any, body: Any, headers: Any) -> Reply:
    customer = shop.customer(headers)
    shown = {"customer": {"display_name": customer["nickname"] or customer["email"]}}
    mine = [{**order, **shown} for order in shop.orders.values() if order["email"] == customer["email"]]
    return 200, {"results": mine[::-1]}


def _one_order(shop: Shop, found: Any, body: Any, headers: Any) -> Reply:
    return 200, {"number": found[1]}


def _products(shop: Shop, _: Any, body: Any, headers: Any) -> Reply:
    return 200, {"results": [{"sku": f"BK-{number}"} for number in range(10)]}


ROUTES: tuple[tuple[str, Callable[[Shop, Any, Any, Any], Reply]], ...] = (
    ("POST /api/v1/users/register", _register),
    ("POST /api/v1/users/login", _login),
    ("POST /api/v1/users/token/refresh", _refresh),
    ("POST /api/v1/users/logout", lambda shop, found, body, headers: (204, None)),
    ("(?:GET|PATCH) /api/v1/users/me", _me),
    ("(?:GET|PUT) /api/v1/users/me/preferences", _preferences),
    ("(?:GET|POST) /api/v1/users/me/addresses", _addresses),
    ("(?:PUT|DELETE) /api/v1/users/me/addresses/([0-9]+)", _address),
    ("POST /api/v1/orders", _order),
    ("GET /api/v1/orders", _history),
    ("GET /api/v1/orders/([^/]+)", _one_order),
    ("GET /api/v1/catalog/products.*", _products),
)


@contextmanager
def opened(shop: Shop) -> Iterator[str]:
    """The shop's origin while it is open."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            with shop.lock:
                shop.served += 1
                if shop.served == shop.hangs_up:
                    self.close_connection = True
                    return
                status, answer = shop.answer(self.command, self.path, body, self.headers)
                if shop.served == shop.breaks:
                    status, answer = 500, {}
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
