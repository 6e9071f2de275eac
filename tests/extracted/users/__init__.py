"""The users service in its own process settings: `pytest --ds=extracted.users.settings tests/extracted/users`.

One process holds one Django project, so a plain `pytest` ignores this folder and runs it in a process of its own
(`tests/integration/test_extracted_users.py`).
"""
