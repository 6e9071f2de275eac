"""Where in-process callers meet a context that may be on the move: each port, bound to the side that
has authority.

`settings.PORTS["users"] = "migrations_tools.seams:users_port"` is the whole wiring; callers hold the port and
know nothing of sides.
"""

from migrations_tools.seams.users import users_port

__all__ = ["users_port"]
