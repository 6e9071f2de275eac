"""Where an admin port is looked for."""

import os
from pathlib import Path

import pytest

from chassis import records
from facade.admin.remote import NoFacade, address, get


def test_the_environment_of_the_facade_comes_first(tmp_path: Path) -> None:
    """Then the address that somebody gave, then what a platform has recorded that runs."""
    record = tmp_path / "run" / "platform.json"
    given = {"FACADE_ADMIN_PORT": "0", "FACADE_ADMIN_URL": "http://f:2", "BANYAN_VAR": str(tmp_path)}
    assert address({**given, "FACADE_ADMIN_PORT": "1"}) == "http://127.0.0.1:1"
    assert address({**given, "FACADE_ADMIN_PORT": "1", "FACADE_ADMIN_HOST": "0.0.0.0"}) == "http://127.0.0.1:1"
    assert address({**given, "FACADE_ADMIN_PORT": "1", "FACADE_ADMIN_HOST": "10.0.0.1"}) == "http://10.0.0.1:1"
    assert address(given) == "http://f:2"
    records.write(record, {"facade_admin": "http://f:3", "pid": os.getpid()})
    assert address({"BANYAN_VAR": str(tmp_path)}) == "http://f:3"
    records.write(record, {"facade_admin": "http://f:3"})
    with pytest.raises(NoFacade, match="FACADE_ADMIN_PORT"):
        address({"BANYAN_VAR": str(tmp_path)})


@pytest.mark.parametrize("url", ["127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:none", "http://"])
def test_where_nobody_answers_it_is_said(url: str) -> None:
    """Also for what is no address."""
    with pytest.raises(NoFacade, match="no facade answers"):
        get(url, "/status")
