"""The monolith's contexts against a real PostgreSQL. The users API itself is in `tests/contract/users_v1`."""
