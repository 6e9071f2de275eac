"""The password hasher, with the parameters that OWASP's Password Storage Cheat Sheet gives for Argon2id."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idOwasp(Argon2PasswordHasher):
    """19 MiB, two passes, one lane: some 25 ms of one core, where Django's own parameters take 100 MiB and
    eight lanes.
    """

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1
