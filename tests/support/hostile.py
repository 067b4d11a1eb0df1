"""What strangers may send to a webhook receiver, by the million: `python -m support.hostile --count 1000000`.

Every case is a header and a body: random, or a right one that was damaged; in one case of three the body is signed
rightly, as if the sender itself had gone mad. Each is given to `verify_signature`, to `construct_event`, and to two
receivers, one with claims and one with an inbox. Prints a JSON report; the exit status is 1 if anything was raised that
is not ours, or answered with a 5xx.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from functools import cache
from typing import Any

from paylera.errors import SignatureVerificationError
from paylera.flow import Blocking, run
from paylera.http import Request
from paylera.testing import MemoryInboxStore, signed_event
from paylera.webhooks import EVENT_TYPES, Inbox, WebhookReceiver, construct_event, sign, verify_signature

SECRET = "whsec_hostile"
NOW = 1_800_000_000
CHUNK = 5_000
KINDS = [*EVENT_TYPES, "no.such"]
NO_TRANSPORT: Any = None
PERFORM = Blocking(NO_TRANSPORT)
WORDS = [
    *("t=", "v1=", ",", "=", ";", " ", "\t", "\0", "\r\n", "é", "\udcff", "\u0663", "²", "{", "}", "[", "]", '"', "\\"),
    *("NaN", "inf", "-1", "1e400", "0x1", "9" * 25, str(NOW), "a" * 64, "t=1800000000", "v1," * 50, "null", "\\ud800"),
    "[" * 200,
]
JSON_VALUES: list[Any] = [
    *(None, True, 0, -1, 10**400, 1.5, "", "x" * 300, "\0", "\ud800", [], [[]], {}, {"": None}, "1e999999", "NaN"),
    *("9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59"),
]


def cases(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield headers and bodies."""
    dice = random.Random(seed)
    for _ in range(count):
        body = _body(dice)
        right = sign(body, SECRET, timestamp=NOW)
        yield (right if dice.random() < 0.35 else _header(dice, right)), body


def _body(dice: random.Random) -> bytes:
    kind = dice.random()
    if kind < 0.15:
        return dice.randbytes(dice.randrange(200))
    event = json.loads(_right(dice.choice(KINDS)))
    for _ in range(dice.randrange(4)):
        target = dice.choice([event, event["data"]]) if isinstance(event.get("data"), dict) else event
        name = dice.choice([*target, "extra", "occurred_at", "id"])
        if dice.random() < 0.3:
            target.pop(name, None)
        else:
            target[name] = deepcopy(dice.choice(JSON_VALUES))
    body = json.dumps(event).encode()
    return body if kind < 0.6 else _damaged(dice, body)


@cache
def _right(kind: str) -> bytes:
    return signed_event(kind, secret=SECRET).body


def _damaged(dice: random.Random, body: bytes) -> bytes:
    at, end = sorted((dice.randrange(len(body)), dice.randrange(len(body))))
    return body[:at] + dice.choice(WORDS).encode(errors="surrogatepass") + body[at if dice.random() < 0.5 else end :]


def _header(dice: random.Random, right: str) -> str:
    kind = dice.random()
    if kind < 0.3:
        return "".join(dice.choice(WORDS) for _ in range(dice.randrange(12)))
    if kind < 0.5:
        return "".join(chr(dice.randrange(0x11000)) for _ in range(dice.randrange(90)))
    at, end = sorted((dice.randrange(len(right)), dice.randrange(len(right))))
    return right[:at] + dice.choice(WORDS) + right[at if dice.random() < 0.5 else end :]


def attack(count: int, seed: int) -> Counter[str]:
    """Return how often what came of it."""
    logging.disable(logging.CRITICAL)
    found: Counter[str] = Counter()
    receivers = list(_receivers())
    for header, body in cases(count, seed):
        try:
            is_right = verify_signature(body, header, SECRET, now=NOW)
            found[f"verified {is_right}"] += 1
            found[f"constructed {_construct(body, header)}"] += 1
            request = Request("POST", "https://shop.example/", (("paylera-signature", header),), body)
            for name, receiver in receivers:
                found[f"{name} {run(receiver.handle(request), PERFORM).status}"] += 1
        except Exception as error:
            found[f"FOREIGN {type(error).__name__}: {error}"[:200]] += 1
    return found


def _construct(body: bytes, header: str) -> bool:
    try:
        construct_event(body, header, SECRET, now=NOW)
    except SignatureVerificationError:
        return False
    return True


def _receivers() -> Iterator[tuple[str, WebhookReceiver]]:
    from support.stepping import Clock

    clock = Clock()
    clock.time = NOW
    inbox = Inbox(MemoryInboxStore(), handlers={"*": id}, stale="handle", system=clock.system())
    for name, how in {"claims": {"handlers": {"*": id}}, "inbox": {"inbox": inbox}}.items():
        yield name, WebhookReceiver(signing_secret=SECRET, system=clock.system(), **how)  # type: ignore[arg-type]


def is_bad(what: str) -> bool:
    """Whether a line of the report is a failure."""
    return what.startswith("FOREIGN") or what.rsplit(maxsplit=1)[-1].startswith("5")


def main() -> int:
    """Attack with as many processes as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    os.nice(10)
    total: Counter[str] = Counter()
    chunks = range(0, options.count, CHUNK)
    with ProcessPoolExecutor(options.processes) as pool:
        for found in pool.map(attack, [min(CHUNK, options.count - start) for start in chunks], chunks):
            total += found
            bad = sum(count for what, count in total.items() if is_bad(what))
            print(f"{total['verified True'] + total['verified False']} sent, {bad} bad", file=sys.stderr, flush=True)
    print(json.dumps(dict(sorted(total.items())), indent=2))
    return int(any(map(is_bad, total)))


if __name__ == "__main__":
    sys.exit(main())
