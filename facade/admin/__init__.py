"""The admin port: what all workers of one facade are doing, told by a process beside them.

A scrape of the entrance would be answered by one worker at random. Here all of them are asked, each through a socket of its own,
and none is waited for: one that is busy or dead is told as missing.
"""
