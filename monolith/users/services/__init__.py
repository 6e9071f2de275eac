"""What can be done with customers. Each write runs in a savepoint of its own, so that one which the fence
turns away leaves the caller's transaction usable; the fence's refusal passes through to whoever can answer
it.
"""

from monolith.users.services.port import local_users

__all__ = ["local_users"]
