"""The side that faces clients: connections, the listening socket, and the worker processes that share it.

It knows HTTP/1.1 and nothing of routes: each request is handed to one handler.
"""
