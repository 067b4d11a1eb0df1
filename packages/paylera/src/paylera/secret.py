"""Secrets that hide themselves: nothing but an explicit `reveal()` or the wire shows one.

Source: contract section 6 ("the token is in no repr, log, exception, pickle or traceback local").
"""

from __future__ import annotations

from typing import NoReturn, Self, SupportsIndex

_MASK = "**********"


class Secret:
    """A secret string; `str`, `repr` and `format` give a mask, copies give the same object, pickling refuses.

    It is no `str`, so a JSON encoder refuses it too.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str, /) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({_MASK!r})"

    def __str__(self) -> str:
        return _MASK

    def __format__(self, _spec: str, /) -> str:
        return _MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce_ex__(self, _protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError("a secret is not pickled; build the object anew where it is needed")


class SecretText(str):
    """A header value that holds a secret: a true `str` for the wire (`encode`, `==`), a mask for all that prints.

    `plain()` gives the exact `str` to libraries that would call `str()` on it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(_MASK)

    def __str__(self) -> str:
        return _MASK

    def __format__(self, _spec: str, /) -> str:
        return _MASK

    def __reduce_ex__(self, _protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError("a secret is not pickled; build the object anew where it is needed")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self


def plain(text: str) -> str:
    """Return `text` as an exact `str`, a `SecretText` with its true content."""
    return str.__str__(text)
