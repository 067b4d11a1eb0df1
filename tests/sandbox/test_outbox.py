"""The heads of the queues, whatever happens to them in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from paylera_sandbox.engine import Engine
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks import endpoints, outbox
from paylera_sandbox.webhooks.events import queue, record

OBJECTS, RECEIVERS = 3, 2
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["enqueue", "enqueue", "enqueue", "again", "finish", "postpone", "overtaken", "drop"]),
        st.integers(0, 1000),
    ),
    max_size=40,
)


@contextmanager
def working() -> Iterator[Unit]:
    engine = Engine()
    with engine.unit() as unit:
        yield unit
    engine.store.close()


def waiting(unit: Unit) -> list[tuple[str, str, str, int]]:
    return unit.store.execute("SELECT delivery_id, endpoint_id, aggregate, held FROM outbox ORDER BY seq")


def step(unit: Unit, receivers: list[dict], name: str, number: int) -> None:
    """Do one thing to the outbox, to what `number` chooses."""
    rows = waiting(unit)
    due = unit.now + timedelta(seconds=number)
    if name == "enqueue":
        event = record(unit, "customer.updated", {"id": f"cus_{number % OBJECTS}", "object": "customer"})
        queue(unit, event, receivers[number % RECEIVERS])
    elif name == "drop":
        outbox.drop(unit, receivers[number % RECEIVERS]["id"])
    elif rows:
        chosen = rows[number % len(rows)][0]
        if name == "again":
            outbox.enqueue(unit, unit.need("deliveries", chosen, "webhook_delivery.not_found"))
        elif name == "finish":
            outbox.finish(unit, chosen)
        else:
            {"postpone": outbox.postpone, "overtaken": outbox.overtaken}[name](unit, chosen, due)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_the_first_of_each_queue_is_its_head_and_no_other(steps: list[tuple[str, int]]) -> None:
    with working() as unit:
        receivers = [endpoints.register(unit, url=f"http://127.0.0.1:{port}/", events=["*"]) for port in (1, 2)]
        outbox.drop(unit, receivers[0]["id"])  # the news of the second
        for name, number in steps:
            step(unit, receivers, name, number)
            firsts: dict[tuple[str, str], str] = {}
            for delivery, endpoint, aggregate, _ in waiting(unit):
                firsts.setdefault((endpoint, aggregate), delivery)
            heads = {row[0] for row in waiting(unit) if not row[3]}
            assert heads == set(firsts.values())
            found = [head.delivery_id for item in receivers for head in outbox.heads(unit.store, item["id"], limit=99)]
            assert set(found) == heads


def test_heads_come_in_the_order_in_which_they_are_due() -> None:
    with working() as unit:
        [receiver] = [endpoints.register(unit, url="http://127.0.0.1:1/", events=["*"])]
        queued = [
            queue(unit, record(unit, "customer.updated", {"id": f"cus_{number}", "object": "customer"}), receiver)
            for number in range(5)
        ]
        outbox.postpone(unit, queued[0]["id"], unit.now + timedelta(hours=1))
        order = [head.delivery_id for head in outbox.heads(unit.store, receiver["id"], limit=99)]
        assert order == [item["id"] for item in (*queued[1:], queued[0])]
