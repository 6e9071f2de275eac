"""Mutual TLS between processes of the platform: each shows a certificate, and believes one authority of the platform's own.

It refuses what TLS 1.3 has left behind, and the authorities that the system believes: whoever can get a certificate on the
Internet is not of the platform.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path


class BadCertificate(ValueError):
    """A file does not hold what it is to hold."""


@dataclass(frozen=True, slots=True)
class Files:
    """What a process has: the authority, its certificate (with its chain), and the key (PKCS 8, unencrypted), all PEM."""

    authority: Path
    certificate: Path
    key: Path

    def client_context(self) -> ssl.SSLContext:
        """How to call a server. Raises `BadCertificate`."""
        return client_context(self.authority, self.certificate, self.key)

    def of_a_process(self) -> dict[str, str]:
        """The environment of one that calls others."""
        return self._named("BANYAN_TLS_CA", "BANYAN_TLS_CERTIFICATE", "BANYAN_TLS_KEY")

    def of_a_server(self) -> dict[str, str]:
        """The environment of granian: who calls must show a certificate of the authority."""
        return {
            **self._named("GRANIAN_SSL_CA", "GRANIAN_SSL_CERTIFICATE", "GRANIAN_SSL_KEYFILE"),
            "GRANIAN_SSL_CLIENT_VERIFY": "true",
        }

    def of_the_facade(self) -> dict[str, str]:
        """The environment of the facade, which calls the servers."""
        return self._named("FACADE_UPSTREAM_CA", "FACADE_UPSTREAM_CERTIFICATE", "FACADE_UPSTREAM_KEY")

    def _named(self, authority: str, certificate: str, key: str) -> dict[str, str]:
        return {authority: str(self.authority), certificate: str(self.certificate), key: str(self.key)}


def client_context(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """How to call a server: its certificate must be of `authority` (PEM) and name the host that was called; if it asks for one,
    `certificate` (PEM, with its chain) is shown, to which `key` (PEM, unencrypted) belongs. Raises `BadCertificate`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which verifies the server's certificate and its name
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(authority)
    except OSError as error:
        raise BadCertificate(f"{authority} holds no certificate of an authority: {error}") from error
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        raise BadCertificate(f"{certificate} and {key} are no certificate with its key: {error}") from error
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted, and nobody is here to type a password")
