"""The API v1: paths and JSON that the monolith always had, so that a request may be answered by either."""
