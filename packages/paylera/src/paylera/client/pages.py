"""Lists: one page at a time, or every item of all pages.

Source: facts section 6.6 (`data`, `has_more`, `next_cursor`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any, Generic, TypeVar, cast

from paylera.client.calls import ListCall
from paylera.errors import TransportError

T = TypeVar("T")


class _Envelope(Generic[T]):
    """One page as it was answered; `page["data"]` and `page.data` are the same."""

    __slots__ = ("_call", "_document")

    def __init__(self, call: ListCall[T], document: dict[str, Any]) -> None:
        self._call = call
        self._document = document

    def __getitem__(self, name: str) -> Any:
        return self._document[name]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.data)} items, has_more={self.has_more})"

    @property
    def data(self) -> list[T]:
        """The items of this page alone."""
        return cast("list[T]", self._document["data"])

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        return bool(self._document.get("has_more"))

    @property
    def next_cursor(self) -> str | None:
        """The `cursor` of the following page, None at the end."""
        cursor = self._document.get("next_cursor")
        return cursor if self.has_more and isinstance(cursor, str) else None

    def to_dict(self) -> dict[str, Any]:
        """Return the page as it was answered."""
        return dict(self._document)

    def _following(self, seen: set[str]) -> ListCall[T] | None:
        """Return the call for the next page; `seen` holds the cursors of this walk, so that it ends."""
        if not self.has_more:
            return None
        cursor = self.next_cursor
        if not cursor or cursor in seen:
            msg = "the list says that it goes on, but its next_cursor leads nowhere new"
            raise TransportError(msg, fault="protocol")
        seen.add(cursor)
        return self._call.after(cursor)


class Page(_Envelope[T]):
    """One page of a list. Iterating gives every item of this page and of all that follow, fetched as needed."""

    __slots__ = ("_fetch",)

    def __init__(self, call: ListCall[T], fetch: Callable[[ListCall[T]], dict[str, Any]]) -> None:
        super().__init__(call, fetch(call))
        self._fetch = fetch

    def next_page(self) -> Page[T] | None:
        """Fetch the following page, None at the end."""
        following = self._following(set())
        return None if following is None else Page(following, self._fetch)

    def __iter__(self) -> Iterator[T]:
        seen: set[str] = set()
        page = self
        while True:
            yield from page.data
            following = page._following(seen)
            if following is None:
                return
            page = Page(following, self._fetch)


AsyncFetch = Callable[[ListCall[T]], Awaitable[dict[str, Any]]]


class AsyncPage(_Envelope[T]):
    """The awaiting twin of `Page`: `async for` gives every item of all pages."""

    __slots__ = ("_fetch",)

    def __init__(self, call: ListCall[T], fetch: AsyncFetch[T], document: dict[str, Any]) -> None:
        super().__init__(call, document)
        self._fetch = fetch

    async def next_page(self) -> AsyncPage[T] | None:
        """Fetch the following page, None at the end."""
        following = self._following(set())
        return None if following is None else await AsyncPages(following, self._fetch)

    async def __aiter__(self) -> AsyncIterator[T]:
        seen: set[str] = set()
        page = self
        while True:
            for item in page.data:
                yield item
            following = page._following(seen)
            if following is None:
                return
            page = await AsyncPages(following, self._fetch)


class AsyncPages(Generic[T]):
    """What a list method of the awaiting client returns: `await` it for one page, or `async for` all items."""

    __slots__ = ("_call", "_fetch")

    def __init__(self, call: ListCall[T], fetch: AsyncFetch[T]) -> None:
        self._call = call
        self._fetch = fetch

    def __await__(self) -> Generator[Any, None, AsyncPage[T]]:
        return self._first().__await__()

    async def _first(self) -> AsyncPage[T]:
        return AsyncPage(self._call, self._fetch, await self._fetch(self._call))

    async def __aiter__(self) -> AsyncIterator[T]:
        async for item in await self:
            yield item
