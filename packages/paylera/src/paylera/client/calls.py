"""A call as a value: what to send and how to read the answer. Endpoint functions return calls, and perform nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from paylera.client.answers import as_bytes, as_nothing, as_object, as_page
from paylera.http import Headers, Response

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One logical call. `operation` names its span; `template` holds `{id}` holes that `ids` fill.

    A call that `is_keyed` gets a fresh idempotency key unless it has one; the path of one that `is_raw` has no holes.
    """

    operation: str
    method: str
    template: str
    read: Callable[[Response], T]
    ids: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    key: str | None = None
    is_keyed: bool = False
    headers: Headers = ()
    is_raw: bool = False


@dataclass(frozen=True, slots=True)
class ListCall(Generic[T]):
    """A call for one page of a list of `T`."""

    call: Call[dict[str, Any]]

    def after(self, cursor: str) -> ListCall[T]:
        """Return the call for the page that `cursor` points to."""
        return ListCall(replace(self.call, params={**self.call.params, "cursor": cursor}))


def fetch(operation: str, template: str, params: Mapping[str, Any] | None = None, /, **ids: str) -> Call[Any]:
    """Return a GET that answers one object."""
    return Call(operation, "GET", template, as_object, ids, params or {})


def listing(
    operation: str,
    template: str,
    params: Mapping[str, Any] | None = None,
    /,
    *,
    limit: int | None,
    cursor: str | None,
    **ids: str,
) -> ListCall[Any]:
    """Return a GET that answers one page."""
    merged = {**(params or {}), "limit": limit, "cursor": cursor}
    return ListCall(Call(operation, "GET", template, as_page, ids, merged))


def write(
    operation: str,
    target: str,
    body: Mapping[str, Any] | None,
    key: str | None,
    params: Mapping[str, Any] | None = None,
    /,
    **ids: str,
) -> Call[Any]:
    """Return a call that changes something, `target` being its method and template; it always carries a key."""
    method, template = target.split(" ")
    sent = {} if body is None else body
    return Call(operation, method, template, as_object, ids, params or {}, sent, key, is_keyed=True)


def remove(operation: str, template: str, key: str | None, /, **ids: str) -> Call[None]:
    """Return a DELETE; its answer holds nothing."""
    return Call(operation, "DELETE", template, as_nothing, ids, key=key, is_keyed=True)


def document(operation: str, template: str, accept: str, /, **ids: str) -> Call[bytes]:
    """Return a GET that answers bytes of another media type than JSON."""
    return Call(operation, "GET", template, as_bytes, ids, headers=(("accept", accept),))
