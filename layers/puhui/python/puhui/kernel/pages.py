"""A list is a page: items, and the opaque cursor of the next page or None."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

Item = TypeVar("Item")
Start = TypeVar("Start")


class Page(NamedTuple, Generic[Item]):
    items: list[Item]
    cursor: str | None

    def body(self, show: Callable[[Item], dict[str, Any]], **wanted: str | None) -> dict[str, Any]:
        """The answer ``{"items": [...], "next_cursor": ...}``, each item as ``show`` shows it.

        ``wanted``: only items that are shown with these values (None: any); such a page may hold fewer than its limit.
        """
        shown = (show(item) for item in self.items)
        asked = {name: value for name, value in wanted.items() if value is not None}
        mine = [each for each in shown if all(each.get(name) == value for name, value in asked.items())]
        return {"items": mine, "next_cursor": self.cursor}


def every(read: Callable[[Start | None], tuple[list[Item], Start | None]]) -> Iterator[Item]:
    """All items, page by page: ``read(start)`` gives a page and where the next one starts (None: it was the last)."""
    start: Start | None = None
    while True:
        items, start = read(start)
        yield from items
        if start is None:
            return
