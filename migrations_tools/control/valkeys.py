"""Short conversations with Valkey, bounded in time: nothing here may hang on a Valkey that is down."""

from typing import Final

import valkey

from chassis import env

_TIMEOUT_SECONDS: Final = 0.5


def connected() -> valkey.Valkey:
    """A client, to be used as a context manager. Raises `valkey.ValkeyError` at its first use
    when there is no Valkey.
    """
    return valkey.Valkey.from_url(env.valkey_url(), socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS)
