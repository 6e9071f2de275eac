"""Benchmarks: each writes `var/bench/<name>.json`, with every figure as a ratio to a peer, or to a limit, of the same run."""
