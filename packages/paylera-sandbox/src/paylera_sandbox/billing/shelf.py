"""The shelf: how the catalogue of the TOML file comes into the database, beside what the API has made."""

from __future__ import annotations

from collections.abc import Iterable

from paylera_sandbox.catalogue import Catalogue
from paylera_sandbox.store import Doc, Store


def install(store: Store, catalogue: Catalogue, now: str) -> None:
    """Put what the file sells on the shelf, the first last, because lists begin with the newest. Those
    that left the file are archived, for their subscribers; those that the API made stay as they are."""
    _renew(store, "products", catalogue.products, now)
    _renew(store, "plans", catalogue.plans, now)
    _renew(store, "coupons", catalogue.coupons, now, kept=("times_redeemed",))


def _renew(store: Store, table: str, written: Iterable[Doc], now: str, *, kept: tuple[str, ...] = ()) -> None:
    wanted = {doc["code"]: doc for doc in written}
    known = {doc["id"]: doc for doc in store.newest(table)}
    for doc in known.values():
        if doc["status"] == "active" and (doc["_written"] or doc["code"] in wanted):
            store.save(table, {**doc, "status": "archived"})
    for doc in reversed(wanted.values()):
        before = known.get(doc["id"], {"created_at": now})
        fresh = {**doc, **{name: before[name] for name in ("created_at", *kept) if name in before}, "_written": True}
        same = all(before.get(name) == fresh[name] for name in fresh)
        store.delete(table, doc["id"])
        store.insert(table, {**fresh, "updated_at": before["updated_at"] if same else now})
