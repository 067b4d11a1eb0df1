"""A Redis server of one's own, on loopback, that keeps nothing on the disk."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.serving import free_port
from support.presence import absent


@contextmanager
def redis_server() -> Iterator[int]:
    """Run a server and yield its port."""
    program = shutil.which("redis-server")
    if program is None:
        absent("redis", "Redis is not installed")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as home:
        options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", home)
        server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _await(port, server)
            yield port
        finally:
            server.terminate()
            server.wait(30)


def _await(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                line.sendall(b"PING\r\n")
                if line.recv(7) == b"+PONG\r\n":
                    return
        except OSError:
            time.sleep(0.05)  # nothing announces that a foreign process listens
    absent("redis", "redis-server did not start")
