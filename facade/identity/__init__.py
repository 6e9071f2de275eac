"""Who is asking: access tokens by the issuer's published keys, API keys by the route feed, and what each may do.

Everything is judged in this process; no request waits for another one, save for the first that brings a key nobody has seen.
"""
