"""Values that members share: ids, amounts, moments. Each is a type for mypy with a JSON schema for readers."""

from __future__ import annotations

from typing import Annotated, Any


class Says:
    """What the JSON schema of a value says beyond its type; pydantic asks for it, and is not needed to say it."""

    def __init__(self, **schema: object) -> None:
        self._schema = schema

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core_schema), **self._schema}


def _id(prefix: str) -> Says:
    return Says(pattern=f"^{prefix}_[0-9a-f]{{32}}$", examples=[f"{prefix}_019ab4f06c0078d5a1b2c3d4e5f60718"])


Amount = Annotated[str, Says(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["19.00"])]
Quantity = Annotated[str, Says(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["1000"])]
Rate = Annotated[str, Says(pattern=r"^[0-9]+(\.[0-9]+)?$", examples=["0.08"])]
Currency = Annotated[str, Says(pattern="^[A-Z]{3}$", examples=["USD"])]
Stamp = Annotated[
    str,
    Says(
        format="date-time",
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$",
        examples=["2026-11-24T09:30:00.000Z"],
    ),
]
Date = Annotated[str, Says(format="date", examples=["2026-05-01"])]
Url = Annotated[str, Says(pattern="^[Hh][Tt][Tt][Pp][Ss]?://", examples=["https://shop.example/done"])]
Code = Annotated[str, Says(examples=["pro"])]
Metadata = dict[str, str | int | float | bool]

CustomerId = Annotated[str, _id("cus")]
TaxIdId = Annotated[str, _id("txi")]
ProductId = Annotated[str, _id("prod")]
CouponId = Annotated[str, _id("cpn")]
PlanId = Annotated[str, _id("plan")]
SubscriptionId = Annotated[str, _id("sub")]
InvoiceId = Annotated[str, _id("inv")]
LineId = Annotated[str, _id("il")]
PaymentId = Annotated[str, _id("pay")]
PaymentMethodId = Annotated[str, _id("pm")]
RefundId = Annotated[str, _id("ref")]
CreditNoteId = Annotated[str, _id("cn")]
CreditNoteLineId = Annotated[str, _id("cnl")]
SetupIntentId = Annotated[str, _id("si")]
WalletId = Annotated[str, _id("wal")]
WalletEntryId = Annotated[str, _id("wen")]
CheckoutSessionId = Annotated[str, _id("cs")]
PortalSessionId = Annotated[str, _id("ps")]
UsageEventId = Annotated[str, _id("use")]
WebhookEndpointId = Annotated[str, _id("we")]
EventId = Annotated[str, _id("evt")]
DeliveryId = Annotated[str, _id("del")]
