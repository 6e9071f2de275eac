"""TLS towards clients: the entrance's certificate, and the next one when its files change.

It refuses files that are no certificate with its key, and what TLS 1.1 has left behind. A certificate is exchanged under running
connections: they keep the one that they have seen, whoever comes next is shown the new one.
"""

import asyncio
import logging
import ssl
from pathlib import Path

from chassis.callers.mutual import BadCertificate

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0

_Stamp = tuple[tuple[int, int], ...] | None


class Certificate:
    """`chain` (PEM, the entrance's own certificate first) and its `key` (PEM, unencrypted). `context` is for every connection
    from now on, also after a change. Raises `BadCertificate`.
    """

    def __init__(self, chain: Path, key: Path) -> None:
        self._chain = chain
        self._key = key
        self._seen = self._stamp()
        self.context = self._read()

    def reload(self) -> None:
        """Show clients what the files hold now; files that hold no certificate with its key change nothing."""
        self._seen = self._stamp()
        try:
            self._read()  # into a context of its own: half a change must not reach the one that is in use
            self.context.load_cert_chain(self._chain, self._key, password=_no_password)
        except (BadCertificate, OSError, ValueError) as error:
            log.error("the certificate was refused, the last one is still shown: %s", error)
            return
        log.warning("the certificate in %s is shown from now on", self._chain)

    async def watch(self) -> None:
        """Reload when a file changes, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._stamp() != self._seen:
                self.reload()

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self._chain, self._key, password=_no_password)
        except (OSError, ValueError) as error:
            raise BadCertificate(f"{self._chain} and {self._key} are no certificate with its key: {error}") from error
        return context

    def _stamp(self) -> _Stamp:
        try:
            found = [file.stat() for file in (self._chain, self._key)]
        except OSError:
            return None
        return tuple((one.st_mtime_ns, one.st_size) for one in found)


def _no_password() -> str:
    raise ValueError("the key is encrypted, and nobody is here to type a password")
