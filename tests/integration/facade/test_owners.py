"""What is kept of a context does not outlive its owner."""

from pathlib import Path

from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import ScriptedUpstream, answer

POLICIES = """
[defaults]
authenticate = "none"

[[routes]]
path = "/api/v1/users"
cache = true

[[routes]]
path = "/other"
cache = true
"""
KEPT = {"Cache_Control": "public, max-age=600"}


def test_a_context_that_changes_hands_is_asked_anew(tmp_path: Path) -> None:
    """Without any Valkey; what is kept of others stays, and so does what is kept when only a percentage changes."""
    monolith = ScriptedUpstream(lambda request: answer(b"monolith", **KEPT)).start()
    service = ScriptedUpstream(lambda request: answer(b"service", **KEPT)).start()
    (tmp_path / "policies.toml").write_text(POLICIES)
    entrance = Entrance(monolith, tmp_path / "var", {"FACADE_POLICIES": str(tmp_path / "policies.toml")}).start()
    try:
        entrance.route("shadow", epoch=1, services=[service])
        assert entrance.ask("GET", "/api/v1/users/1").body == entrance.ask("GET", "/other").body == b"monolith"
        entrance.route("shadow", epoch=1, shadow=1, services=[service])
        assert "; hit" in str(entrance.ask("GET", "/api/v1/users/1").header("cache-status"))
        entrance.route("service", epoch=2, services=[service])
        until(lambda: entrance.ask("GET", "/api/v1/users/1").body == b"service", 2)
        assert "; hit" in str(entrance.ask("GET", "/other").header("cache-status"))
    finally:
        entrance.stop()
        monolith.stop()
        service.stop()
