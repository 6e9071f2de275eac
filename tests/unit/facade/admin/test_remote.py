"""Where an admin port is looked for."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
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


@pytest.mark.parametrize(
    "url", ["127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:none", "http://", "http://[::1", "https://127.0.0.1:1"]
)
def test_where_nobody_answers_it_is_said(url: str) -> None:
    """Also for what is no address."""
    with pytest.raises(NoFacade, match="no facade answers"):
        get(url, "/status")


@pytest.fixture(params=["[]", '"x"', "{}", "null"])
def stranger(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where somebody else answers, with JSON of its own: 200, and 404 for what is missing."""

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if self.path == "/missing" else 200)
            self.end_headers()
            self.wfile.write(request.param.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Stranger)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def test_an_answer_of_somebody_else_is_told_as_such(stranger: str) -> None:
    """Whatever JSON it is: whoever mistook a port reads so, and no traceback."""
    with pytest.raises(NoFacade, match="is no admin port"):
        get(stranger, "/status", ("each",))
    with pytest.raises(NoFacade, match="answered 404"):
        get(stranger, "/missing", ("each",))
