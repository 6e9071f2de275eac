"""The demonstration: real traffic through the facade while a context moves out and back, and the proof that nothing was lost.

`load` makes the traffic, `record` keeps what was acknowledged, `check` proves it against both databases, `walk` drives the
migration as an operator would, `report` shows the run. None but `walk` and `conduct` knows that a migration is going on.
"""
