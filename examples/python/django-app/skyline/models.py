"""What the example remembers: the webhook events it received."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.dateparse import parse_datetime

from paylera_fastapi import PayleraWebhookEvent


class ReceivedEvent(models.Model):
    """One webhook event. In the database, so that every worker process can show what any other received."""

    event_id = models.CharField(max_length=128, unique=True)  # A replay handles an event again.
    type = models.CharField(max_length=128)
    occurred_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(auto_now_add=True)
    customer_id = models.CharField(max_length=128, db_index=True)
    email = models.CharField(max_length=254, db_index=True)
    payload = models.JSONField()

    @staticmethod
    def facts_of(event: PayleraWebhookEvent) -> dict[str, Any]:
        """Return the columns of an event. `customer_id` and `email` tell later whose event it is."""
        payload = event.model_dump(mode="json")
        data = payload.get("data") or {}
        is_customer = event.type.startswith("customer.")
        return {
            "type": event.type,
            "occurred_at": parse_datetime(payload.get("occurred_at") or ""),
            "customer_id": data.get("id" if is_customer else "customer_id") or "",
            "email": (data.get("email") or "").lower() if is_customer else "",
            "payload": payload,
        }

    @classmethod
    def of(cls, email: str) -> models.QuerySet[ReceivedEvent]:
        """Return the events of the customer with this address; `customer.*` events tell who has it."""
        ours = cls.objects.filter(email=email.lower()).exclude(email="").values("customer_id")
        return cls.objects.filter(customer_id__in=ours)

    def as_json(self) -> dict[str, Any]:
        """Return the event as the pages read it."""
        return {
            "seq": self.pk,
            "id": self.event_id,
            "type": self.type,
            "occurred_at": self.payload.get("occurred_at"),
            "received_at": self.received_at.isoformat(),
            "data": self.payload.get("data"),
        }
