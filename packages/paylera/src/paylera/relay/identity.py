"""Who is calling, and which Paylera customer that is.

Source: contract section 3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, punctuation
from typing import Any
from urllib.parse import quote

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayleraCustomerIdentity:
    """What `identify(request)` returns. Every field is optional; an empty identity is an anonymous visitor.

    `customer_id`: the Paylera customer, when you know it. `external_id`: your own stable id of the user or
    organisation; it and `email` are used to find or create the customer. Give an `email` only when your app has
    verified it: an existing customer with that address is taken to be the same person. `tenant_id` tells auto-create
    calls of several tenants apart, but customers are searched without it: `external_id` must be unique over all
    tenants of one API token. `metadata` is stored with a new customer.
    """

    customer_id: str | None = None
    email: str | None = None
    name: str | None = None
    external_id: str | None = None
    tenant_id: str | None = None
    metadata: Mapping[str, Any] | None = None

    @property
    def is_anonymous(self) -> bool:
        """Tell whether nothing says which customer this is."""
        return not (self.customer_id or self.external_id or self.email)

    @property
    def subject(self) -> str:
        """Return the stable name of this caller, with its kind: what CSRF tokens are bound to, empty when anonymous."""
        for kind in ("external_id", "email", "customer_id"):
            if value := getattr(self, kind):
                return f"{kind}:{value}"
        return ""

    @property
    def lookup(self) -> tuple[str, str] | None:
        """Return the filter that finds this caller's customer: `("external_id", ...)`, else `("email", ...)`."""
        if self.external_id:
            return "external_id", str(self.external_id)
        return ("email", self.email) if self.email else None


def auto_create_key(identity: PayleraCustomerIdentity, *, tenant_id: str | None) -> str:
    """Return the idempotency key that makes one customer out of many simultaneous first calls.

    The formula is the contract's (section 3), so that every process and every SDK derives the same key.
    """
    subject = str(identity.external_id) if identity.external_id else lowered(identity.email or "")
    digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
    # A header holds no other characters than these; a tenant's name may.
    tenant = quote(str(identity.tenant_id or tenant_id or "default"), safe=punctuation + " ")
    return f"paylera-auto-create:{tenant}:{digest}"


def new_customer(identity: PayleraCustomerIdentity) -> dict[str, Any]:
    """Return the body of `POST /v1/customers` for this caller; what is unknown is left out."""
    fields = {
        "email": identity.email,
        "name": identity.name,
        "external_id": str(identity.external_id) if identity.external_id else None,
        "metadata": dict(identity.metadata) if identity.metadata else None,
    }
    return {name: value for name, value in fields.items() if value}


def matching_customer(identity: PayleraCustomerIdentity, found: Any) -> dict[str, Any] | None:
    """Return the customer among `found` (a list answer) that is this caller's; the oldest, when an address has several.

    The filter is applied again here: were it ever ignored upstream, the first customer of the list would be somebody
    else.
    """
    lookup = identity.lookup
    customers = found.get("data") if isinstance(found, dict) else None
    if lookup is None or not isinstance(customers, list):
        return None
    name, wanted = lookup
    mine = [
        c
        for c in customers
        if isinstance(c, dict) and _same(name, c.get(name), wanted) and isinstance(c.get("id"), str)
    ]
    return min(mine, key=lambda c: (str(c.get("created_at") or ""), c["id"]), default=None)


def _same(name: str, value: Any, wanted: str) -> bool:
    if not isinstance(value, str):
        return False
    return lowered(value) == lowered(wanted) if name == "email" else value == wanted


def lowered(email: str) -> str:
    """Return an address in lower case, ASCII letters only.

    Unicode makes a `k` of the Kelvin sign: whoever owned `\u212aate@...` would be taken for `kate@...`.
    """
    return email.translate(_LOWER)
