"""Password hashing."""

from django.contrib.auth.hashers import check_password, identify_hasher, make_password


def test_hashes_have_owasps_parameters() -> None:
    """A new password is hashed by Argon2id with 19 MiB, two passes and one lane, and matches only itself."""
    encoded = make_password("correct horse")
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert len(encoded) <= 128
    assert check_password("correct horse", encoded)
    assert not check_password("correct hors", encoded)


def test_djangos_own_parameters_are_renewed() -> None:
    """A hash of other parameters still opens, and is known to need renewal."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    class Old(Argon2PasswordHasher):
        memory_cost, time_cost, parallelism = 1024, 1, 1

    encoded = Old().encode("correct horse", "saltsaltsalt")
    assert check_password("correct horse", encoded)
    assert identify_hasher(encoded).must_update(encoded)
