"""From an identity to a Paylera customer: known, found, or created once however many first calls arrive together.

Source: contract section 3.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from paylera.cache import ExpiringCache
from paylera.flow import Callee, Flow, invoke, pause
from paylera.http import Response
from paylera.problems import Problem
from paylera.relay.identity import PayleraCustomerIdentity, auto_create_key, matching_customer, new_customer
from paylera.relay.upstream import Context, Upstream, document, refuse_if_rate_limited
from paylera.system import System

REMEMBERED_CUSTOMERS = 10_000
REMEMBERED_SECONDS = 300.0
ANNOUNCED_SECONDS = 86400.0
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0

log = logging.getLogger("paylera.relay")


@dataclass(frozen=True, slots=True)
class Customers:
    """Resolves identities; remembers the answers in this process."""

    upstream: Upstream
    system: System
    auto_create: bool
    tenant_id: str | None
    on_created: Callee | None
    known: ExpiringCache[str]
    announced: ExpiringCache[bool]

    @classmethod
    def build(
        cls, upstream: Upstream, system: System, *, auto_create: bool, tenant_id: str | None, on_created: Callee | None
    ) -> Customers:
        """Return a resolver with empty memories."""
        number, clock = REMEMBERED_CUSTOMERS, system.monotonic
        known = ExpiringCache[str](max_entries=number, ttl_seconds=REMEMBERED_SECONDS, now=clock)
        announced = ExpiringCache[bool](max_entries=number, ttl_seconds=ANNOUNCED_SECONDS, now=clock)
        return cls(upstream, system, auto_create, tenant_id, on_created, known, announced)

    def can_resolve(self, identity: PayleraCustomerIdentity) -> bool:
        """Tell, without asking anybody, whether this identity leads to a customer."""
        return bool(identity.customer_id or (self.auto_create and identity.lookup))

    def unresolved(self) -> str:
        """Say why an identity leads to no customer: an account without an address looks like a logout otherwise."""
        if self.auto_create:
            return "sign in first: identify gave no customer_id, external_id or email for this call"
        return "sign in first: identify gave no customer_id for this call, and auto_create_customer is off"

    def resolve(self, context: Context, identity: PayleraCustomerIdentity, native: object) -> Flow[str]:
        """Return the customer id of an identity that `can_resolve`."""
        if identity.customer_id:
            return str(identity.customer_id)
        memory = self._memory_key(identity)
        if known := self.known.get(memory):
            return known
        customer = yield from self._find(context, identity)
        if customer is None:
            customer = yield from self._create(context, identity, native)
        customer_id = str(customer["id"])
        self.known.put(memory, customer_id)
        return customer_id

    def is_gone(self, identity: PayleraCustomerIdentity, response: Response) -> bool:
        """Tell whether upstream no longer knows the customer that was remembered for an identity, and forget it then:
        the next look finds or creates another. A sandbox that was reset has new customers for old users."""
        if identity.customer_id or response.status != 404 or b'"customer.not_found"' not in response.body:
            return False
        self.known.forget(self._memory_key(identity))
        return True

    def _memory_key(self, identity: PayleraCustomerIdentity) -> str:
        return auto_create_key(identity, tenant_id=self.tenant_id) + (":x" if identity.external_id else ":e")

    def _find(self, context: Context, identity: PayleraCustomerIdentity) -> Flow[dict[str, Any] | None]:
        query = dict([identity.lookup]) if identity.lookup else {}
        response = yield from self.upstream.call(context, ("GET", "/v1/customers"), query=query)
        if response.status >= 400:
            raise _failed("look up", response)
        return matching_customer(identity, document(response))

    def _create(self, context: Context, identity: PayleraCustomerIdentity, native: object) -> Flow[dict[str, Any]]:
        key = auto_create_key(identity, tenant_id=self.tenant_id)
        wait = _FIRST_WAIT
        while True:
            response = yield from self.upstream.call(
                context, ("POST", "/v1/customers"), body=new_customer(identity), key=key
            )
            if not _is_in_progress(response):
                break
            # Another process is creating this very customer: its answer will be ours, under the same key.
            if self.system.monotonic() + wait >= context.deadline:
                raise Problem("paylera.upstream_timeout", "the customer is still being created; try again in a moment")
            yield from pause(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
        if response.status >= 400:
            return (yield from self._find_again(context, identity, response))
        customer = document(response)
        if not isinstance(customer.get("id"), str):
            raise Problem("paylera.upstream_unavailable", "the billing service answered something unexpected")
        yield from self._announce(native, identity, customer, response)
        return customer

    def _find_again(
        self, context: Context, identity: PayleraCustomerIdentity, refusal: Response
    ) -> Flow[dict[str, Any]]:
        # A 409 that is not "in progress": the customer came to be between our look and our call (a taken external id),
        # or the key is spent on other details (a name changed within 24 h).
        customer = (yield from self._find(context, identity)) if refusal.status == 409 else None
        if customer is None:
            raise _failed("create", refusal)
        return customer

    def _announce(
        self, native: object, identity: PayleraCustomerIdentity, customer: dict[str, Any], response: Response
    ) -> Flow[None]:
        is_first = response.header("idempotent-replayed") != "true" and self.announced.add(customer["id"], value=True)
        if self.on_created is None or not is_first:
            return
        try:
            yield from invoke(self.on_created, native, identity, customer)
        except Exception:
            # The customer exists; failing the call would only make the user try again without a second announcement.
            log.exception("on_customer_created failed for customer %s", customer["id"])


def _is_in_progress(response: Response) -> bool:
    return response.status == 409 and b"idempotency_in_progress" in response.body


def _failed(what: str, response: Response) -> Problem:
    refuse_if_rate_limited(response)
    # A server that knows no customers is another one than was meant.
    hint = "; check PAYLERA_BASE_URL" if response.status == 404 else ""
    log.error("Paylera answered %d to the attempt to %s a customer%s", response.status, what, hint)
    return Problem("paylera.upstream_unavailable", f"the billing service could not {what} the customer")
