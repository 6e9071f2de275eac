"""Everything that can be done to a context, by the name of its subcommand, in the order of the road."""

from migrations_tools.control.operations.backfill import BACKFILL
from migrations_tools.control.operations.begin import BEGIN
from migrations_tools.control.operations.canary import CANARY
from migrations_tools.control.operations.cancel import CANCEL
from migrations_tools.control.operations.complete import COMPLETE
from migrations_tools.control.operations.hand_over import CUTOVER, ROLLBACK
from migrations_tools.control.operations.shadow import SHADOW
from migrations_tools.control.operations.task import Operation
from migrations_tools.control.operations.verify import VERIFY

OPERATIONS: dict[str, Operation] = {
    operation.name: operation for operation in (BEGIN, BACKFILL, VERIFY, SHADOW, CANARY, CUTOVER, ROLLBACK, COMPLETE, CANCEL)
}
