"""The replica protocol: how one side of a moving context records, sends, accepts and compares what it holds.

The monolith and every service run this same code. One side has authority for a context and captures its changes; the other
accepts them, and refuses everybody else's writes.
"""
