"""How those who call Banyan's processes prove who they are, where no user does: the processes themselves, by a signed token in
each request and, where it is set up, by a client certificate; third parties, by API keys.

The internal bearer token of /internal is `chassis.identity.drf`'s.
"""
