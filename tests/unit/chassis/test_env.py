"""The environment wins; where it is silent the checkout's own keys and records speak, or a clear error."""

import os
from pathlib import Path

import pytest

from chassis import env, records


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `var/` of this test's own, and no address from outside."""
    monkeypatch.setenv("BANYAN_VAR", str(tmp_path))
    for name in ("SECRET_KEY", "BANYAN_INTERNAL_TOKEN", "IDENTITY_PRIVATE_KEY", "USERS_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_var_is_beside_manage_py_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without BANYAN_VAR a checkout keeps its things in its own `var/`, wherever it was started from."""
    monkeypatch.delenv("BANYAN_VAR")
    monkeypatch.chdir("/")
    assert env.var_dir() == Path(__file__).parents[3] / "var"


def test_a_given_database_url_wins(monkeypatch: pytest.MonkeyPatch, var: Path) -> None:
    """A configured URL is returned as it is, and no server is started."""
    monkeypatch.setenv("USERS_DATABASE_URL", "postgres://somewhere/users")
    assert env.database_url("users") == "postgres://somewhere/users"
    assert not (var / "postgres").exists()


def test_an_unknown_database_is_refused() -> None:
    """A misspelt name fails, and says which names there are."""
    with pytest.raises(LookupError, match="monolith, control, users"):
        env.database_url("user")


@pytest.mark.parametrize(
    ("variable", "read"),
    [
        ("SECRET_KEY", env.secret_key),
        ("BANYAN_INTERNAL_TOKEN", env.internal_token),
    ],
)
def test_keys_come_from_the_environment_or_are_kept(variable: str, read: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absent: made once and the same ever after. Present: used as given."""
    assert callable(read)
    assert read() == read() != ""
    monkeypatch.setenv(variable, "given")
    assert read() == "given"


def test_a_pem_key_may_be_given_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Env files that cannot hold line ends write them as \\n."""
    monkeypatch.setenv("IDENTITY_PRIVATE_KEY", "a\\nb")
    monkeypatch.setenv("IDENTITY_PUBLIC_KEYS", "c\\nd")
    assert (env.identity_private_key(), env.identity_public_keys()) == ("a\nb", "c\nd")


def test_the_identity_key_is_made_once() -> None:
    """The same ever after."""
    assert env.identity_key() == env.identity_key() != ""


def test_a_service_url_is_found_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The running platform's record answers, and the environment before it."""
    records.write(env.platform_record(), {"users": "http://127.0.0.1:1", "pid": os.getpid()})
    assert env.service_url("users") == "http://127.0.0.1:1"
    monkeypatch.setenv("USERS_URL", "http://elsewhere")
    assert env.service_url("users") == "http://elsewhere"


def test_the_record_of_a_dead_platform_is_not_believed() -> None:
    """After kill -9 of the platform its old addresses are no answer; the error names the command to run."""
    records.write(env.platform_record(), {"users": "http://127.0.0.1:1", "pid": 2**22 + 1})
    with pytest.raises(env.ServiceUnknownError, match=r"manage\.py up"):
        env.service_url("users")
