"""What strangers may send to a webhook receiver, by the million: `python -m support.hostile --count 1000000`.

Every case is headers and a body: random, or right ones that were damaged; in one case of three the body is signed
rightly, as if the sender itself had gone mad. Each is given to two receivers, one with claims and one with an inbox;
the header of Paylera's own scheme also to `verify_signature` and to `construct_event`. `--scheme standard` sends those
of Standard Webhooks. Prints a JSON report; the exit status is 1 if anything was raised that
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
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from functools import cache
from typing import Any

from paylera.errors import SignatureVerificationError
from paylera.flow import Blocking, run
from paylera.http import Request
from paylera.testing import MemoryInboxStore, signed_event
from paylera.webhooks import EVENT_TYPES, Inbox, WebhookReceiver, construct_event, sign, standard, verify_signature
from paylera.webhooks.signatures import HEADER

SECRET = "whsec_aG9zdGlsZQ=="
SIGNED = 0.35  # so many of the cases are signed rightly
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


Headers = tuple[tuple[str, str], ...]


def cases(count: int, seed: int, scheme: str) -> Iterator[tuple[Headers, bytes]]:
    """Yield headers and bodies."""
    dice = random.Random(seed)
    for _ in range(count):
        body = _body(dice)
        yield SCHEMES[scheme](dice, body), body


def _paylera(dice: random.Random, body: bytes) -> Headers:
    right = sign(body, SECRET, timestamp=NOW)
    return ((HEADER, right if dice.random() < SIGNED else _wrong(dice, right)),)


def _standard(dice: random.Random, body: bytes) -> Headers:
    message = f"msg_{dice.randrange(10**6)}"
    signature = standard.digest(SECRET, f"{message}.{NOW}.".encode() + body)
    assert signature is not None
    values = message, str(NOW), f"v1,{signature.decode()}"
    right = list(zip(standard.HEADERS, values, strict=True))
    if dice.random() < SIGNED:
        return tuple(right)
    name, value = right.pop(dice.randrange(3))
    return *right, *((name, _wrong(dice, value)) for _ in range(dice.choice((0, 1, 1, 1, 1, 2))))


SCHEMES: dict[str, Callable[[random.Random, bytes], Headers]] = {"paylera": _paylera, "standard": _standard}


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


def _wrong(dice: random.Random, right: str) -> str:
    kind = dice.random()
    if kind < 0.3:
        return "".join(dice.choice(WORDS) for _ in range(dice.randrange(12)))
    if kind < 0.5:
        return "".join(chr(dice.randrange(0x11000)) for _ in range(dice.randrange(90)))
    at, end = sorted((dice.randrange(len(right)), dice.randrange(len(right))))
    return right[:at] + dice.choice(WORDS) + right[at if dice.random() < 0.5 else end :]


def attack(count: int, seed: int, scheme: str = "paylera") -> Counter[str]:
    """Return how often what came of it."""
    logging.disable(logging.CRITICAL)
    found: Counter[str] = Counter()
    receivers = list(_receivers())
    for headers, body in cases(count, seed, scheme):
        found["sent"] += 1
        try:
            if scheme == "paylera":
                ((_, header),) = headers
                found[f"verified {verify_signature(body, header, SECRET, now=NOW)}"] += 1
                found[f"constructed {_construct(body, header)}"] += 1
            request = Request("POST", "https://shop.example/", headers, body)
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
        yield (
            name,
            WebhookReceiver(  # type: ignore[arg-type]
                signing_secret=SECRET, standard_webhooks=True, system=clock.system(), **how
            ),
        )


def is_bad(what: str) -> bool:
    """Whether a line of the report is a failure."""
    return what.startswith("FOREIGN") or what.rsplit(maxsplit=1)[-1].startswith("5")


def main() -> int:
    """Attack with as many processes as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--scheme", choices=SCHEMES, default="paylera")
    options = parser.parse_args()
    os.nice(10)
    total: Counter[str] = Counter()
    starts = range(0, options.count, CHUNK)
    counts = [min(CHUNK, options.count - start) for start in starts]
    with ProcessPoolExecutor(options.processes) as pool:
        for found in pool.map(attack, counts, starts, [options.scheme] * len(starts)):
            total += found
            bad = sum(count for what, count in total.items() if is_bad(what))
            print(f"{total['sent']} sent, {bad} bad", file=sys.stderr, flush=True)
    print(json.dumps(dict(sorted(total.items())), indent=2))
    return int(any(map(is_bad, total)))


if __name__ == "__main__":
    sys.exit(main())
