"""The users API v1 as its clients know it: one suite, run against whoever serves it.

`conftest.py` starts the monolith and the users service, each with databases of its own, and runs every test against
both. With BANYAN_CONTRACT_URL set, it runs against that address instead (a facade, say).
"""
