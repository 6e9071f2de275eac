"""The monolith's replica bindings, one for each aggregate of each plan; named by `settings.REPLICA_BINDINGS`."""

from migrations_tools.plans import PLANS
from migrations_tools.relay.legacy import LegacyBinding

BINDINGS = {
    f"{plan.context}.{aggregate.name}": LegacyBinding(plan.context, aggregate)
    for plan in PLANS.values()
    for aggregate in plan.aggregates
}
