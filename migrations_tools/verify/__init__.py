"""Are both sides the same? Enumerated from either side independently, never through the copier
that filled one of them.
"""
