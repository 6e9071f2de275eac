"""Mutual TLS between the real processes: whoever shows a certificate of the platform's authority is answered, others are not."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import requests
import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from chassis.callers.mutual import Files
from chassis.embedded import Cluster, ValkeyServer
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import ScriptedUpstream
from tests.integration.trust.conftest import Running, started


def issued(folder: Path, authority: trustme.CA) -> Files:
    """A certificate of this authority for the loopback, in files."""
    folder.mkdir()
    files = Files(*(folder / name for name in ("ca.pem", "certificate.pem", "key.pem")))
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(files.authority)
    certificate.cert_chain_pems[0].write_to_path(files.certificate)
    key = load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return issued(tmp_path_factory.mktemp("certificates") / "ours", trustme.CA())


@pytest.fixture(scope="module")
def secure(cluster: Cluster, valkey: ValkeyServer, ours: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(cluster, valkey, tmp_path_factory.mktemp("secure"), ours) as ready:
        yield ready


@pytest.mark.parametrize("name", ["monolith", "users", "users_replica"])
def test_a_server_answers_who_shows_a_certificate(name: str, secure: Running, ours: Files, tmp_path: Path) -> None:
    """One of the platform's authority is let in; without one, with a stranger's, and by plain http there is no answer at all."""
    url = f"{secure.platform.urls[name]}/healthz"
    assert url.startswith("https://")
    ca, mine = str(ours.authority), (str(ours.certificate), str(ours.key))
    strangers = issued(tmp_path / "strangers", trustme.CA())
    assert requests.get(url, verify=ca, cert=mine, timeout=5).status_code == 200
    for shown in (None, (str(strangers.certificate), str(strangers.key))):
        with pytest.raises(requests.ConnectionError):
            requests.get(url, verify=ca, cert=shown, timeout=5)
    with pytest.raises(requests.ConnectionError):
        requests.get(url.replace("https://", "http://"), timeout=5)


def test_the_whole_platform_works_by_certificates(secure: Running) -> None:
    """The facade asks both sides, the monolith asks the users service, the relay brings back what was written, and an operator's
    command reaches the service.
    """
    sku = f"fig-{uuid4().hex[:8]}"
    with psycopg.connect(secure.around.databases["monolith"]) as connection:
        connection.execute("INSERT INTO catalog_product (sku, name, list_price) VALUES (%s, 'A fig', 3)", (sku,))
    user = secure.signed_in("tls@example.org")
    there = {"lines": ["1 Fig Street"], "city": "Bonn", "postal_code": "53111", "country": "DE"}
    order = {"lines": [{"sku": sku, "quantity": 2}], "new_address": there, "save_address": True}
    placed = secure.ask("POST", "/api/v1/orders", user, json=order, headers={"Idempotency-Key": uuid4().hex})
    assert placed.status_code == 201, placed.text
    with psycopg.connect(secure.around.databases["monolith"], autocommit=True) as connection:
        arrived = "SELECT count(*) FROM users_user WHERE email = 'tls@example.org'"
        until(lambda: connection.execute(arrived).fetchone() == (1,), 30)
    told = secure.manage("context", "verify", "users")
    assert "clean" in told


@pytest.mark.parametrize(("whose", "status"), [("ours", 200), ("strangers", 502)])
def test_a_facade_passes_by_its_certificate(whose: str, status: int, secure: Running, ours: Files, tmp_path: Path) -> None:
    """Through the real users service: with a certificate of the platform's the answer comes, with another's nothing is asked."""
    strangers = issued(tmp_path / "strangers", trustme.CA())
    files = ours if whose == "ours" else Files(ours.authority, strangers.certificate, strangers.key)
    urls = {"MONOLITH_URL": secure.monolith, "USERS_URL": secure.users, "BANYAN_INTERNAL_TOKEN": secure.around.token}
    user = secure.signed_in("tls@example.org")
    entrance = Entrance(ScriptedUpstream(), tmp_path / "var", {**urls, **files.of_the_facade()}).start()
    try:
        reply = entrance.ask("GET", "/api/v1/users/me", Authorization=f"Bearer {user}")
        assert reply.status == status, reply.body
    finally:
        entrance.stop()
