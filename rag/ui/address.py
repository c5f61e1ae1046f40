"""A port of this machine, taken before anything slow begins. Knows sockets; knows nothing of what is served."""

from __future__ import annotations

import errno
import ipaddress
import socket

from rag.errors import ServerError


def bind(host: str, port: int, *, with_login: bool = False) -> socket.socket:
    """Take a port of this machine, before anything slow begins.

    Args:
        host: a name or an address.
        port: 0 for any that is free.
        with_login: whether everybody has to log in.

    Returns:
        The socket, listening; `port` 0 has become a number. The caller closes it.

    Raises:
        ServerError: the address is not this machine's alone although there is no login, or the port is taken.
    """
    if not is_loopback(host) and not with_login:
        raise ServerError(
            f"Without passwords the chat does not open to the network at {host}",
            hint="Write a user down with --add-user NAME and add --auth, or leave --host out.",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just given up is free
        taken.bind((host, port))
        taken.listen(128)
    except OSError as error:
        taken.close()
        raise _explained(error, host, port) from error
    return taken


def _explained(error: OSError, host: str, port: int) -> ServerError:
    if error.errno == errno.EADDRINUSE:
        return ServerError(
            f"Port {port} of {host} is in use", hint=f"Stop what uses it, or choose another: --port {port % 65535 + 1}"
        )
    if error.errno == errno.EACCES:
        return ServerError(f"Port {port} needs more rights than this user has", hint="Choose one above 1023: --port 7860")
    return ServerError(f"The chat cannot listen at {host}, port {port}: {error.strerror}", hint="Check --host and --port.")


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine only."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address(taken: socket.socket) -> str:
    """Return the web address of a port that was taken."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
