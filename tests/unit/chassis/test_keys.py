"""Keys are made once, whoever asks first, and only their owner can read them."""

import multiprocessing
import stat
from pathlib import Path

from chassis import keys


def _ask(arguments: tuple[str, int]) -> str:
    path, number = arguments
    return keys.kept(Path(path), lambda: f"made by {number}")


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    """The second call returns what the first made, and makes nothing."""
    first = keys.kept(tmp_path / "keys" / "secret", lambda: "one")
    second = keys.kept(tmp_path / "keys" / "secret", lambda: "two")
    assert (first, second) == ("one", "one")


def test_only_the_owner_reads_a_key(tmp_path: Path) -> None:
    """The file is 0600 in a folder that is 0700, whatever the umask."""
    path = tmp_path / "keys" / "secret"
    keys.kept(path, keys.password)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_processes_at_once_get_one_key(tmp_path: Path) -> None:
    """Of eight processes that make the same key at once, all return the same one, whole, and no draft stays
    behind."""
    path = tmp_path / "keys" / "secret"
    with multiprocessing.get_context("fork").Pool(8) as pool:
        answers = pool.map(_ask, [(str(path), number) for number in range(64)], chunksize=1)
    assert len(set(answers)) == 1
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]


def test_the_identity_key_is_an_rsa_key_in_pem() -> None:
    """What signs tokens is PKCS 8 PEM with 2048 bits."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(keys.rsa_private_key().encode(), password=None)
    assert key.key_size == 2048  # type: ignore[union-attr]
