"""Backpressure: how much an upstream is asked at once (`adaptive.py`, `trial.py`), and who is let in, waits or is refused
(`door.py`).

It refuses to queue without bound, and to take its own slowness (`lag.py`) for an upstream's.
"""
