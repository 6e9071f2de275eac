"""How servers of the tests talk that want to see a certificate, as granian does where the platform has mutual TLS."""

import ssl
from pathlib import Path


def demanding(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """Whoever calls must show a certificate of `authority`. Three PEM files, the certificate with its chain."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority)
    context.load_cert_chain(certificate, key)
    return context
