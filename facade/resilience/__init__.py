"""What keeps an upstream in trouble from taking the facade, and the other upstreams, with it.

One guard per set of instances (`guard.py`) has a breaker, a door (`facade.admission`) and a retry budget; a request has
a deadline, and pauses between its attempts. Every number is declared (`declared.py`). It refuses to decide whether an answer is a
failure, and whether a request may be sent twice: those are the exchange's to know.
"""
