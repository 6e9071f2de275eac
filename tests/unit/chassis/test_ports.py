"""Ports are free when they are handed out."""

import socket

from chassis import ports


def test_the_preferred_port_is_kept_while_it_is_free() -> None:
    """A server that comes back gets its old port."""
    port = ports.free_port()
    assert ports.free_port(port) == port


def test_a_taken_port_is_left_to_its_owner() -> None:
    """When somebody else listens on the old port, another one is chosen."""
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        taken = server.getsockname()[1]
        assert not ports.is_free(taken)
        assert ports.free_port(taken) != taken
