"""Who is asking: access tokens signed with RS256, the keys to verify them, and the classes by which a REST
API admits a request.

Every process verifies a token by itself, from the signing key's public half; none asks another process or a
database.
"""
