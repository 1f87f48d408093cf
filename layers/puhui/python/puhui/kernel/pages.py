"""A list is a page: items, and the opaque cursor of the next page or None."""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

Item = TypeVar("Item")

PAGE_ITEMS_DEFAULT = 20
PAGE_ITEMS_MAX = 100  # 100 items of 1 KB are 25 read units, strongly consistent


class Page(NamedTuple, Generic[Item]):
    items: list[Item]
    cursor: str | None

    def body(self, show: Callable[[Item], dict[str, Any]]) -> dict[str, Any]:
        """The answer ``{"items": [...], "next_cursor": ...}``, each item as ``show`` shows it."""
        return {"items": [show(item) for item in self.items], "next_cursor": self.cursor}
