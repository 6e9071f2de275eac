"""Mutual TLS between processes of the platform: each shows a certificate, and believes one authority of the platform's own.

It refuses what TLS 1.3 has left behind, and the authorities that the system believes: whoever can get a certificate on the
Internet is not of the platform.
"""

import ssl
from pathlib import Path


class BadCertificate(ValueError):
    """A file does not hold what it is to hold."""


def client_context(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """How to call a server: its certificate must be of `authority` (PEM) and name the host that was called; if it asks for one,
    `certificate` (PEM, with its chain) is shown, to which `key` (PEM, unencrypted) belongs. Raises `BadCertificate`.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, authority, certificate, key)
    context.check_hostname = True
    return context


def server_context(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """The other end: whoever calls must show a certificate of `authority`. Raises `BadCertificate`."""
    return _context(ssl.PROTOCOL_TLS_SERVER, authority, certificate, key)


def _context(protocol: int, authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
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
