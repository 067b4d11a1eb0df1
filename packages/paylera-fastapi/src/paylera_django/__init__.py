"""Paylera for Django: the billing relay and the webhook receiver as URL patterns.

No `INSTALLED_APPS` entry is needed. `PayleraCustomerIdentity`, `PayleraCsrfOptions` and the typed events come from
`paylera_fastapi` (or `paylera`), which load no web framework.
"""

from paylera_django._relay import paylera_relay_urls
from paylera_django._webhooks import paylera_webhook_urls

__all__ = ["paylera_relay_urls", "paylera_webhook_urls"]
