"""`python -m benchmarks [NAME ...]`: run some (the names are in `BENCHMARKS`) or all, print Markdown tables."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack

from benchmarks.servers import Cost, load, serving

CALLS, ROUNDS = 800, 5


def relay() -> None:
    """Compare one relayed POST check with the same call written by hand."""
    _compare("Starlette + shared httpx.AsyncClient, uvicorn", ("starlette_httpx", "uvicorn"), {
        "FastAPI relay, async def identify": ("fastapi_relay", "uvicorn"),
        "FastAPI relay, def identify": ("fastapi_relay_def", "uvicorn"),
    })  # fmt: skip
    _compare("Django sync view + shared httpx.Client, gunicorn", ("django_httpx", "gunicorn"), {
        "Django relay, WSGI (gunicorn)": ("django_relay", "gunicorn"),
        "Django relay, ASGI (uvicorn)": ("django_relay_asgi", "uvicorn"),
    })  # fmt: skip


def _compare(baseline_name: str, baseline: tuple[str, str], others: dict[str, tuple[str, str]]) -> None:
    print(f"\n### Relayed `POST check`; 1.00 = {baseline_name}\n")
    print("| | CPU c=1 | p50 c=1 | CPU c=8 | calls/s c=8 |\n|---|---|---|---|---|")
    with ExitStack() as stack:
        upstream = stack.enter_context(serving("upstream", kind="uvicorn"))
        names = {baseline_name: baseline} | others
        servers = {
            name: stack.enter_context(serving(app, kind=kind, upstream=upstream.port))
            for name, (app, kind) in names.items()
        }
        costs: dict[tuple[str, int], list[Cost]] = {}
        for server in servers.values():
            load(server, calls=200, connections=4)  # warm
        for _ in range(ROUNDS):  # in turn, so that a slow minute hits all alike
            for name, server in servers.items():
                for connections in (1, 8):
                    costs.setdefault((name, connections), []).append(load(server, calls=CALLS, connections=connections))
    base1, base8 = _median(costs[baseline_name, 1]), _median(costs[baseline_name, 8])
    for name in others:
        one, eight = _median(costs[name, 1]), _median(costs[name, 8])
        row = (one.cpu / base1.cpu, one.p50 / base1.p50, eight.cpu / base8.cpu, eight.rate / base8.rate)
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in row) + " |")


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("cpu", "p50", "rate")))


IMPORTS = (
    "pass", "import pydantic", "import paylera", "from paylera import PayleraClient",
    "from paylera.webhooks import verify_signature", "from paylera_fastapi import InvoicePaidEvent",
    "from paylera_fastapi import paylera_relay", "import paylera_django",
)  # fmt: skip


def imports() -> None:
    """Time imports in fresh processes: milliseconds over an empty interpreter, best of nine."""
    print("\n### Import time, ms above an empty interpreter (best of 9)\n\n| statement | ms |\n|---|---|")
    empty = _best("pass")
    for statement in IMPORTS[1:]:
        print(f"| `{statement}` | {(_best(statement) - empty) * 1000:.0f} |")


def _best(statement: str) -> float:
    times = []
    for _ in range(9):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append(time.perf_counter() - begun)
    return min(times)


def webhook() -> None:
    """Time verify + parse + dispatch of one typed event against HMAC + json.loads of the same bytes."""
    from benchmarks.webhook import main

    main()


def inbox() -> None:
    """Time an acknowledgement, with a handler of five seconds behind the worker, against an empty view."""
    from benchmarks.inbox import main

    main()


def sandbox_clock() -> None:
    """Advance the sandbox's clock by two years over a thousand subscriptions."""
    from benchmarks.sandbox_clock import main

    main()


def sandbox_delivery() -> None:
    """Deliver webhooks from a short and from a long queue."""
    from benchmarks.sandbox_delivery import main

    main()


def sandbox_calls() -> None:
    """Measure the sandbox: calls a second, start, memory and file size."""
    from benchmarks.sandbox_calls import main

    main()


BENCHMARKS: dict[str, Callable[[], None]] = {
    "relay": relay,
    "imports": imports,
    "webhook": webhook,
    "inbox": inbox,
    "sandbox-clock": sandbox_clock,
    "sandbox-delivery": sandbox_delivery,
    "sandbox-calls": sandbox_calls,
}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[chosen]()
