"""Backpressure: how many requests a worker lets in at once, found from the latency of what it let in.

It refuses to queue without bound: who would wait too long, or behind too many, is told so at once.
"""
