"""Sessions of `requests` for calls within the platform: without proxies, and with mutual TLS where it is set up."""

import requests

from chassis import env


def session() -> requests.Session:
    """A new one, for one thread. With `BANYAN_TLS_*` set, https is spoken to servers of the platform's own authority alone, and
    our certificate is shown.
    """
    made = requests.Session()
    made.trust_env = False  # neither a proxy nor a .netrc is meant for calls within the platform
    if (files := env.tls_files()) is not None:
        authority, certificate, key = map(str, files)
        made.verify, made.cert = authority, (certificate, key)
    return made
