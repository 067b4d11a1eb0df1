"""What answers of all kinds share: pages of a list, refusals, addresses."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

from typing_extensions import TypedDict

from paylera_sandbox.models.values import Date, Says, Url

T = TypeVar("T")


class Page(TypedDict, Generic[T]):
    """A page of a list."""

    data: list[T]
    has_more: bool
    next_cursor: str | None
    """Send it as `cursor`, with the same filters and `sort`, for the next page; null at the end."""


class Fault(TypedDict):
    """What is wrong with one field of the input."""

    field: str
    code: Annotated[str, Says(examples=["decimal.invalid"])]
    message: str


class NextAction(TypedDict):
    """What to do next: send the person to a page."""

    type: Literal["redirect_to_url"]
    url: Url


class Problem(TypedDict):
    """A refusal (RFC 9457). Branch on `code`."""

    type: str
    """The same as `code`."""
    title: str
    status: int
    detail: str
    """What is wrong and what to do, for people."""
    code: str
    request_id: str
    trace_id: str
    errors: NotRequired[list[Fault]]
    """Every faulty field, for a refusal of the input."""
    next_action: NotRequired[NextAction]
    decline_code: NotRequired[str]
    """Why a payment was declined."""
    payment_id: NotRequired[str]
    """The payment that was declined."""
    supported: NotRequired[list[Date]]
    """The API dates that are answered, if yours is not."""
    nearest: NotRequired[str | None]
    """The event type that was probably meant, if there is one like it."""


class ApiProblem(TypedDict):
    """A refusal as callers of the API generation read it (RFC 7807). Branch on `problem`."""

    type: Annotated[str, Says(format="uri", examples=["https://errors.paylera.io/validation.failed"])]
    title: str
    status: int
    detail: str
    instance: str
    """The path of the request."""
    problem: str
    trace_id: str
    errors: NotRequired[list[Fault]]
    next_action: NotRequired[NextAction]
    decline_code: NotRequired[str]
    payment_id: NotRequired[str]
    supported: NotRequired[list[Date]]
    nearest: NotRequired[str | None]


class Address(TypedDict, total=False):
    """A postal address."""

    line1: str | None
    line2: str | None
    city: str | None
    region: str | None
    country: str | None
    postal_code: str | None


Anything = dict[str, Any]
