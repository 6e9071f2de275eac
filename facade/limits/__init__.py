"""Rate limits of routes: so many requests in a sliding window, for each address, each user or each API key.

The count is shared by all workers and instances through Valkey, and taken from there in small leases, so that a request rarely
waits for it. It refuses to lend: what is leased is used, and a declared limit is never exceeded while Valkey can be asked.
"""
