"""Every context that moves, by its name. A context is added by writing its plan and naming it here."""

from migrations_tools.plan import ContextPlan
from migrations_tools.plans import users

PLANS: dict[str, ContextPlan] = {plan.context: plan for plan in (users.PLAN,)}


class UnknownContext(LookupError):
    """No plan has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no context {name!r} has a plan; there are {', '.join(sorted(PLANS))}")
        self.name = name


def plan_of(context: str) -> ContextPlan:
    """The plan of a context. Raises `UnknownContext`."""
    try:
        return PLANS[context]
    except KeyError:
        raise UnknownContext(context) from None
