"""Sessions: links to hosted pages."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from paylera_sandbox.models.values import CustomerId, PortalSessionId, Stamp, Url


class BillingPortalSession(TypedDict):
    """A link to the hosted portal, which opens once."""

    id: PortalSessionId
    object: Literal["billing_portal_session"]
    customer_id: CustomerId
    url: Url
    return_url: Url | None
    locale: str | None
    expires_at: Stamp
    created_at: Stamp
