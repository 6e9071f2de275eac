"""An upstream behind mutual TLS, and authorities that issue certificates."""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.certificates import demanding
from tests.integration.facade.scripted import ScriptedUpstream


@dataclass
class Shy(ScriptedUpstream):
    """An upstream that only talks to who shows a certificate of its authority."""

    tls: ssl.SSLContext | None = None

    def _serve(self, connection: socket.socket, number: int) -> None:
        assert self.tls is not None
        try:
            secure = self.tls.wrap_socket(connection, server_side=True)
        except (ssl.SSLError, OSError):
            connection.close()
            return
        super()._serve(secure, number)


class Authority:
    """An authority, and a certificate of it for the facade, in files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._authority = trustme.CA()
        self.ca = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(self.ca)
        self.certificate, self.key = self._issue("facade.banyan.test")

    def server(self, *names: str) -> ssl.SSLContext:
        """How a server of these names talks."""
        return demanding(self.ca, *self._issue(*names))

    def _issue(self, *names: str) -> tuple[Path, Path]:
        issued = self._authority.issue_cert(*names)
        certificate, key = (self._folder / f"{names[0]}.{kind}.pem" for kind in ("certificate", "key"))
        issued.cert_chain_pems[0].write_to_path(certificate)
        issued.private_key_pem.write_to_path(key)
        return certificate, key

    def settings(self) -> dict[str, str]:
        return {
            "FACADE_UPSTREAM_CA": str(self.ca),
            "FACADE_UPSTREAM_CERTIFICATE": str(self.certificate),
            "FACADE_UPSTREAM_KEY": str(self.key),
        }
