"""`UsersPort`, served by the monolith's own tables or by the extracted service, whichever has
authority at the call.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

from migrations_tools.plan import ContextPlan, resolve
from migrations_tools.plans.users import PLAN
from migrations_tools.seams.switch import Switch
from monolith.users.api import Customer, NewAddress, PostalAddress, UsersPort

R = TypeVar("R")


class UsersBinding:
    """Each method is one call, and one chance to find that authority has moved."""

    def __init__(self, switch: Switch[UsersPort]) -> None:
        self._switch = switch

    def customers(self, keys: Sequence[int]) -> dict[int, Customer]:
        return self._call(lambda port: port.customers(keys))

    def customer(self, key: int) -> Customer:
        return self._call(lambda port: port.customer(key))

    def save_address(self, key: int, address: NewAddress) -> PostalAddress:
        return self._call(lambda port: port.save_address(key, address))

    def _call(self, work: Callable[[UsersPort], R]) -> R:
        return self._switch.call(work)


@cache
def users_port(plan: ContextPlan = PLAN) -> UsersPort:
    """The binding of this process, made from the two implementations that the plan names."""
    local: UsersPort = resolve(plan.local)()
    gateway: UsersPort = resolve(plan.gateway)()
    return UsersBinding(Switch(plan.context, {"monolith": local, "service": gateway}))
