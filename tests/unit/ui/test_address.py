import socket

import pytest

from rag.errors import ServerError
from rag.ui.address import address, bind, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LocalHost"])
def test_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "localhost.example.org", "127.0.0.1.nip.io"])
def test_anything_else_needs_passwords(host):
    assert not is_loopback(host)
    with pytest.raises(ServerError, match="Without passwords"):
        bind(host, 7860)


def test_a_port_that_is_taken_is_named():
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError) as caught:
            bind("127.0.0.1", port)
        assert f"Port {port}" in str(caught.value)
        assert f"--port {port + 1}" in str(caught.value)
        assert caught.value.exit_status == 2
        assert address(taken) == f"http://127.0.0.1:{port}"
    bind("127.0.0.1", port).close()  # free again at once


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_ipv6():
    try:
        taken = bind("::1", 0)
    except ServerError as error:
        pytest.skip(str(error))
    with taken:
        assert address(taken).startswith("http://[::1]:")
