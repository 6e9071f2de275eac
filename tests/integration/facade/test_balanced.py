"""Behind a balancer that ends TLS: what it says of the scheme counts where it is trusted, and nowhere else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import ScriptedUpstream

ME = "/api/v1/users/x"
POLICIES = '[defaults]\nauthenticate = "none"\n'


class Balanced:
    """A facade that trusts the balancer before it, or does not."""

    def __init__(self, monolith: ScriptedUpstream, valkey: TestValkey, folder: Path, *, trusts: bool) -> None:
        self.trusts = trusts
        (folder / "policies.toml").write_text(POLICIES)
        self.own = {"FACADE_POLICIES": str(folder / "policies.toml"), "FACADE_TRUST_FORWARDED": "yes" if trusts else "no"}
        self.entrance = Entrance(monolith, folder / "var", {"VALKEY_URL": valkey.url, **self.own}).start()


@pytest.fixture(params=[True, False], ids=["trusted", "untrusted"])
def balanced(
    request: pytest.FixtureRequest, monolith: ScriptedUpstream, own_valkey: TestValkey, tmp_path: Path
) -> Iterator[Balanced]:
    made = Balanced(monolith, own_valkey, tmp_path, trusts=request.param)
    yield made
    made.entrance.stop()


def test_upstreams_are_told_the_scheme_that_the_client_speaks(balanced: Balanced, monolith: ScriptedUpstream) -> None:
    """In both spellings; what is no scheme is nobody's."""
    for claimed, told in (("https", "https" if balanced.trusts else "http"), ("gopher", "http")):
        balanced.entrance.ask("GET", "/x", X_Forwarded_Proto=claimed, X_Forwarded_For="10.0.0.9", Host="a")
        request = monolith.received[-1]
        assert request.header("x-forwarded-proto") == told
        assert f";proto={told};" in (request.header("forwarded") or "")


def test_browsers_are_told_to_stay_with_https_where_they_are(balanced: Balanced) -> None:
    """`Strict-Transport-Security` over http would be ignored at best."""
    told = balanced.entrance.ask("GET", "/x", X_Forwarded_Proto="https").header("strict-transport-security")
    assert (told is not None) is balanced.trusts
    assert balanced.entrance.ask("GET", "/x").header("strict-transport-security") is None


def test_cookies_are_secure_where_the_client_speaks_https(
    balanced: Balanced, monolith: ScriptedUpstream, service: ScriptedUpstream
) -> None:
    """And not where it does not: a browser would not send them back."""
    entrance = balanced.entrance
    entrance.route("canary", read=50, services=[service])
    until(lambda: gauge(entrance, "positions_trusted") == 1)
    assert ("; Secure" in (entrance.ask("GET", ME, X_Forwarded_Proto="https").header("set-cookie") or "")) is balanced.trusts
    cookie = entrance.ask("GET", ME).header("set-cookie") or ""
    assert cookie.startswith("banyan_anon=")
    assert "Secure" not in cookie


def test_explain_says_the_same(balanced: Balanced) -> None:
    """By the same setting."""
    command = [sys.executable, "-m", "facade", "explain", "--json", "GET", "/x", "-H", "X-Forwarded-Proto: https"]
    environment = {**os.environ, **balanced.own, "MONOLITH_URL": balanced.entrance.monolith.url}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    said = {step["stage"]: step["said"] for step in json.loads(done.stdout)}
    assert ("strict-transport-security" in said["secure"]) is balanced.trusts
