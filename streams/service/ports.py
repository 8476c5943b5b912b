"""Ports to listen on, asked for before any work is done."""

from __future__ import annotations

import socket

from detectors.errors import ZeromileError


class PortError(ZeromileError):
    """A port on which nothing can listen now."""


def check_port(host: str, port: int, setting: str) -> None:
    """Refuse a port that is taken, or that this process may not have.

    Parameters
    ----------
    host
        Address to listen on.
    port
        Its port; 0 is any free one.
    setting
        What to change, as the message says.

    Raises
    ------
    PortError
        Nothing can listen there; the message says why.
    """
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
    except OSError as error:
        raise PortError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; "
            f"end what listens there, or choose another port with {setting}"
        ) from error
