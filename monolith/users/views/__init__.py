"""The users API v1: one module a subject."""
