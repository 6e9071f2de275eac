"""The manifests hold to the schema of the Gateway API's resources.

`gateway_api_v1.json` is the OpenAPI schema of the CRDs v1.0.0 (standard and experimental channel, Apache-2.0), as the npm package
`@kubernetes-models/gateway-api` 0.5.1 (MIT) carries it, without descriptions.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for

from facade.export.gateway_api import NOT_CARRIED, duration, manifests
from facade.export.model import rules
from facade.pipeline.declared import declare
from migrations_tools.phases import Phase
from tests.unit.facade.export.test_model import SETTINGS, table

SCHEMAS = json.loads(Path(__file__).with_name("gateway_api_v1.json").read_text())


def closed(schema: Any) -> Any:
    """The schema with fields that it does not name refused: a cluster would drop them in silence."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: closed(value) for key, value in schema.items()}
    return strict | ({"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {})


def said(phase: Phase, percent: float, paths: int = 0) -> list[dict[str, Any]]:
    declared = declare({"routes": [{"path": f"/p{number}"} for number in range(paths)]})
    return manifests(rules(table(phase, percent), declared, SETTINGS), "some-class", 80, ["sticky cohorts"])


def errors(manifest: dict[str, Any]) -> list[str]:
    return [
        error.message
        for error in validator_for(closed(SCHEMAS[manifest["kind"]]["properties"]["spec"])).iter_errors(manifest["spec"])
    ]


@pytest.mark.parametrize("percent", [0, 33.3, 100])
def test_manifests_hold_to_the_schema(percent: float) -> None:
    """Whatever the share of the canary is."""
    for manifest in said(Phase.CANARY, percent, paths=40):
        assert not errors(manifest), manifest


def test_the_schema_refuses_what_is_wrong() -> None:
    """The check can fail: for a field that there is not, and for a value that is out of bounds."""
    route = said(Phase.CANARY, 10)[1]
    route["spec"]["rules"][1]["backendRefs"][0] |= {"weight": -1, "wait": 1}
    assert len(errors(route)) == 2


def test_a_canary_is_weights_for_its_read_methods() -> None:
    """Each read method has a match, the backends carry the weights, and the replica's requests are marked."""
    _, route = said(Phase.CANARY, 10)
    reads, others = route["spec"]["rules"][1:3]
    path = {"type": "PathPrefix", "value": "/api/v1/users"}
    assert reads["matches"] == [{"path": path, "method": "GET"}, {"path": path, "method": "HEAD"}]
    assert [(ref["name"], ref["port"], ref["weight"]) for ref in reads["backendRefs"]] == [
        ("monolith", 8000, 9000),
        ("users", 8001, 1000),
    ]
    assert reads["backendRefs"][1]["filters"][0]["requestHeaderModifier"]["set"] == [{"name": "banyan-read", "value": "replica"}]
    assert [ref["name"] for ref in others["backendRefs"]] == ["monolith"]
    assert reads["timeouts"] == {"request": "1m"}


def test_what_is_not_carried_is_an_annotation() -> None:
    """And /internal has a rule without backends, which answers 404."""
    _, route = said(Phase.MONOLITH, 0)
    assert route["metadata"]["annotations"] == {NOT_CARRIED: "sticky cohorts"}
    assert "backendRefs" not in route["spec"]["rules"][0]


def test_more_rules_than_a_route_may_have_become_more_routes() -> None:
    """Sixteen each, and none is lost."""
    pages = [len(manifest["spec"]["rules"]) for manifest in said(Phase.MONOLITH, 0, paths=40)[1:]]
    assert pages == [16, 16, 11]


@pytest.mark.parametrize(("seconds", "text"), [(60, "1m"), (0.5, "500ms"), (3661.25, "1h1m1s250ms"), (0.0001, "1ms")])
def test_durations(seconds: float, text: str) -> None:
    """As GEP-2257 writes them; never zero, which would mean no bound."""
    assert duration(seconds) == text
