"""Loopback ports: which are free, and who holds one that is not."""

import itertools
import os
import random
import socket

import psutil


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now, all different.

    They lie below the ports that systems give to outgoing connections, so that none of those takes one in between, and
    mostly in another range for another process, so that two that look at the same moment do not take the same.
    """
    first = 20_000 + os.getpid() % 8 * 1_500
    candidates = random.SystemRandom().sample(range(first, first + 1_500), 500)
    return list(itertools.islice((port for port in candidates if not is_taken(port)), count))


def is_taken(port: int) -> bool:
    """Whether somebody listens on the port of the loopback address."""
    with socket.socket() as probe:
        # As servers do; else connections that were closed a moment ago would look like a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def holder(port: int) -> str | None:
    """Name and process id of the listener, where the system lets us know."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return None  # macOS shows other users' sockets to root alone
    for one in connections:
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
            try:
                return f"{psutil.Process(one.pid).name()}, process {one.pid}"
            except psutil.Error:
                return f"process {one.pid}"
    return None
