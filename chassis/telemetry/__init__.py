"""What a process tells of itself: log lines and metrics, each tied to a request by its id and its W3C trace.

`trace` holds the two ids for the code that runs inside a request, and the headers that pass them on; it
needs no web framework.
"""
