"""Put first on PYTHONPATH: every attempt to leave the machine ends the process at once, whoever makes it."""

import ipaddress
import os
import sys

_STATUS = 97


def _refuse(event, arguments):
    if event == "socket.connect" or event == "socket.sendto":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if host is None or _is_local(host):
        return
    os.write(2, f"\nLEFT THE MACHINE: {event} {host}\n".encode())
    os._exit(_STATUS)


def _is_local(host):
    if isinstance(host, bytes):
        host = host.decode()
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


sys.addaudithook(_refuse)
