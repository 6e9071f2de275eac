"""The modules that every request passes, compiled to machine code by mypyc; without a compiler they are run as they stand.

There is one source of both, the Python files. It refuses to run machine code of other sources than those that are there.
"""
