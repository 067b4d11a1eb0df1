"""What every webhook event has, and the pieces that the models of its data are made of.

Source: contract section 7; docs/api-objects.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PrivateAttr, StringConstraints


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


Timestamp = Annotated[datetime, AfterValidator(_aware)]
"""A moment; one without an offset is UTC."""

Name = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")]
"""An id or a type: visible ASCII, so that it is safe in a log line and as a key."""


Label = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""A text that may be missing or null, and is empty then."""


class Model(BaseModel):
    """Base of everything received: immutable, unknown members kept, validators built on first use."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", frozen=True, defer_build=True)


class PayleraWebhookEvent(Model):
    """An event of any type; the subclasses know what their `data` holds.

    Here `data` is a plain dict, in which numbers with a fraction are `Decimal`. `previous_attributes` holds what an
    `*.updated` event changed. `tenant_id` and the aggregate are empty strings if the envelope leaves them out or null.
    """

    id: Name
    type: Name
    occurred_at: Timestamp
    schema_version: int = 1
    tenant_id: Label = ""
    aggregate_type: Label = ""
    aggregate_id: Label = ""
    if TYPE_CHECKING:
        data: Any  # so that subclasses may say what it is
    else:
        data: dict[str, Any]
    previous_attributes: dict[str, Any] | None = None
    _is_stale: bool = PrivateAttr(default=False)
    _live: Any = PrivateAttr(default=None)

    @property
    def is_stale(self) -> bool:
        """Whether a newer event of the same aggregate was handled before; known to an inbox only."""
        return self._is_stale

    @property
    def live(self) -> Any:
        """The aggregate as the API has it now, for handlers with `refetch=True`; None otherwise, and if it is gone."""
        return self._live

    def observe(self, *, is_stale: bool, live: Any) -> None:
        """Set what the inbox found out about the event; it is no part of the payload."""
        self._is_stale, self._live = is_stale, live
