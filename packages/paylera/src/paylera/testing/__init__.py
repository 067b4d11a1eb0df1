"""For your own tests: realistic webhook events of every type, and signed deliveries of them.

event = make_event(InvoicePaidEvent, data={"amount_paid": "5.00"})        # hand it to your handler
delivery = signed_event("invoice.paid", secret="whsec_test")              # post it to your receiver
client.post("/webhooks/paylera/", data=delivery.body, content_type="application/json", headers=delivery.headers)
"""

from paylera.testing.deliveries import SignedEvent, signed_event
from paylera.testing.events import event_payload, make_event
from paylera.testing.inbox import MemoryInboxStore

__all__ = ["MemoryInboxStore", "SignedEvent", "event_payload", "make_event", "signed_event"]
