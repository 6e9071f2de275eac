"""Who is there: every instance of a service tells in Valkey that it serves, and by which address it is reached.

An instance announces itself (`announcer.py`), who wants to know reads (`living.py`), and both agree on what is written
(`record.py`). It refuses to be the truth about health: an instance that announces itself may still fail, and one that is
not seen may still serve.
"""
