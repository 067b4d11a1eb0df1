"""What strangers send: never a foreign exception, never a 5xx, and never more memory than a receiver's limit."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from support.hostile import SCHEMES, attack, is_bad

from .shops import Shop, new_shop, serving

MEGABYTES = int(os.environ.get("HOSTILE_MEGABYTES", "64"))
CHUNK = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
HOSTS = {"django-gunicorn": ("shop", "gunicorn"), "django-uvicorn": ("shop", "uvicorn"),
         "fastapi-uvicorn": ("stall", "uvicorn")}  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
def test_hostile_headers_and_bodies(scheme: str) -> None:
    """Some thousand of them; `python -m support.hostile` sends a million."""
    found = attack(2_000, os.getpid(), scheme)
    assert [what for what in found if is_bad(what)] == []
    assert {"claims 200", "claims 400", "claims 401", "inbox 200", "inbox 400", "inbox 401"} <= set(found)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("host", HOSTS)
def test_an_endless_body_is_refused_with_flat_memory(host: str, tmp_path: Path) -> None:
    """Chunked, so that nothing is declared; HOSTILE_MEGABYTES=1024 sends a gigabyte."""
    module, server = HOSTS[host]
    if module == "shop":
        shop = new_shop(str(tmp_path / "db.sqlite3"), tmp_path)
    else:
        shop = Shop({"SHOP_DATABASE": str(tmp_path / "db")}, tmp_path / "log", module="inbox.apps.stall")
    with serving(shop, server, *(("--lifespan", "on") if module == "stall" else ())):
        pids = [pid for pid in processes() if str(shop.port) in command_line(pid)]
        assert pids
        assert shop.deliver("evt_1") == 200
        before = sum(map(peak, pids))
        answer, sent = stream(shop.port)
        assert answer.startswith(b"HTTP/1.1 413 ") or (not answer and sent < MEGABYTES), (answer[:200], sent)
        grown = sum(map(peak, pids)) - before
        print(f"{host}: {sent} MB sent, {grown / 1024:.1f} MB grown, {answer[:30]!r}")
        assert grown < 24 * 1024  # of 64 MB and more
        assert shop.deliver("evt_2") == 200


def stream(port: int) -> tuple[bytes, int]:
    """Send chunks until the server has had enough; return its answer and how many megabytes it let through."""
    head = b"POST /hooks/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=120) as line:
        try:
            line.sendall(head)
            while sent < MEGABYTES:
                line.sendall(CHUNK)
                sent += 1
            line.sendall(b"0\r\n\r\n")
        except OSError:
            pass  # it hung up, with or without an answer
        try:
            return line.recv(65536), sent
        except OSError:
            return b"", sent


def processes() -> list[int]:
    """Return the ids of all processes."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def command_line(pid: int) -> str:
    """Return how a process was started, if it is still there."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def peak(pid: int) -> int:
    """Return the most memory that a process has had, in kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])
