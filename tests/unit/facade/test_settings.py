"""Settings: every field documented, every error told at once."""

import ast
import inspect
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from facade import settings
from facade.settings import InvalidSettings, Settings, from_environment, variable


def test_every_setting_is_documented() -> None:
    """Each field is followed by a sentence about it, or named with the others in the class's own."""
    (cls,) = ast.parse(inspect.getsource(Settings)).body
    assert isinstance(cls, ast.ClassDef)
    explained = {
        field.target.id
        for field, after in zip(cls.body, cls.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    }
    assert explained == {field.name for field in fields(Settings)}


def test_environment_sets_every_field() -> None:
    """Each field has its variable, and takes its type."""
    given = {"int": "7", "float": "2.5", "bool": "yes", "str": "http://x", "Path": "/somewhere"}
    values = {variable(field.name): given[field.type.__name__] for field in fields(Settings)}  # type: ignore[union-attr]
    read = from_environment({**values, "VALKEY_URL": "valkey://x"})
    assert {type(getattr(read, field.name)) for field in fields(Settings)} >= {int, float, bool, str, type(Path())}
    assert read.spool_limit == 7
    assert read.cookie_secure is True


def test_all_errors_are_told_at_once() -> None:
    """Nobody fixes one variable to hear of the next."""
    with pytest.raises(InvalidSettings) as refused:
        from_environment({"FACADE_KEEP_BODY": "many", "FACADE_COOKIE_SECURE": "perhaps"})
    assert len(refused.value.errors) == 3
    assert "MONOLITH_URL" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MONOLITH_URL", "gopher://x"), ("MONOLITH_URL", "http://a,b:80"), ("MONOLITH_URL", "http://x:99999"),
        ("MONOLITH_URL", "http://[::1"), ("USERS_URL", "https://"), ("VALKEY_URL", "rubbish"), ("VALKEY_URL", "http://x"),
        ("FACADE_SPOOL_LIMIT", "-1"), ("FACADE_RETRY_DEADLINE", "-0.1"), ("FACADE_RETRY_DEADLINE", "nan"),
    ],
)  # fmt: skip
def test_what_no_facade_could_use_is_refused(name: str, text: str) -> None:
    """At the start and in one line, where each worker would die of it, or another server be asked."""
    with pytest.raises(InvalidSettings, match=name) as refused:
        from_environment({"MONOLITH_URL": "http://x", name: text})
    assert len(refused.value.errors) == 1


@pytest.mark.parametrize("text", ["http://x", "https://x:1/, http://[::1]:80", "dns://name:8000"])
def test_every_kind_of_address_is_taken(text: str) -> None:
    """One or several, by name or number."""
    assert from_environment({"MONOLITH_URL": text, "VALKEY_URL": "unix:///run/valkey.sock"}).monolith_url == text


@pytest.mark.parametrize("package", ["django", "opentelemetry"])
def test_facade_needs_neither_django_nor_a_collector(package: str) -> None:
    """The entrance starts without Django, and so without its settings or database, and without what exports spans."""
    code = f"import sys, facade.app; sys.exit(any(name.partition('.')[0] == '{package}' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(settings.__file__).parents[1]).returncode == 0
