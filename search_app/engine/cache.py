"""A cache with a limit, shared by threads."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """A cache of up to `limit` values. A full cache evicts its oldest entry.

    An entry is complete before it is inserted. Two threads may make the same value.
    """

    def __init__(self, limit: int) -> None:
        self._limit, self._values, self._changing = limit, dict[Key, Value](), Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of a key; make it if there is none."""
        value = self._values.get(key)
        if value is None:
            value = make()
            with self._changing:  # `next(iter(...))` raises if another thread inserts
                while len(self._values) >= self._limit:
                    del self._values[next(iter(self._values))]
                self._values[key] = value
        return value

    def find(self, key: Key) -> Value | None:
        """Return the value of a key, or None."""
        return self._values.get(key)
