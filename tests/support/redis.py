"""A Redis server of one's own, on loopback, that keeps nothing on the disk."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from conformance.serving import free_port
from support.presence import absent


@dataclass
class RedisServer:
    """A server that can be stopped and started again: on the same port, and empty."""

    program: str
    port: int
    home: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Return when it answers."""
        options = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no")
        command = [self.program, *options, "--dir", self.home]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _await(self.port, self.process)

    def stop(self) -> None:
        """End it; what it knew is gone."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Run a server until the block ends."""
    program = shutil.which("redis-server")
    if program is None:
        absent("redis", "Redis is not installed")
    with tempfile.TemporaryDirectory(prefix="redis-") as home:
        server = RedisServer(program, free_port(), home)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def redis_server() -> Iterator[int]:
    """Run a server and yield its port."""
    with running_redis() as server:
        yield server.port


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
