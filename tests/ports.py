"""Ports on loopback for servers of tests and benchmarks."""

import socket


def free_port():
    """Return a port that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
