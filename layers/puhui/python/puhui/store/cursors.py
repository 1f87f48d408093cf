"""Cursors of pages: opaque to the client, signed, and bound to the list they were made for."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from puhui.kernel.errors import Invalid
from puhui.kernel.pages import Page

_MAC_BYTES = 16
Item = TypeVar("Item")


class CursorInvalid(Invalid):
    code = "CURSOR_INVALID"
    status = 400
    zh = "分页游标无效，请从第一页重新开始。"
    en = "The cursor is not one of ours for this list. Start again without it."


class Cursors:
    """Makes and reads cursors with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, scope: str, position: Mapping[str, Any] | None) -> str | None:
        """The cursor for ``position`` in the list ``scope`` (its owner and filter); None gives None."""
        if position is None:
            return None
        body = json.dumps(position, separators=(",", ":"), sort_keys=True).encode()
        return base64.urlsafe_b64encode(self._mac(scope, body) + body).decode().rstrip("=")

    def read(self, scope: str, cursor: str | None) -> dict[str, Any] | None:
        """The position that ``cursor`` holds. Raises CursorInvalid for another list's, a changed or a made-up one."""
        if cursor is None:
            return None
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise CursorInvalid from None
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(scope, body)):
            raise CursorInvalid
        position: dict[str, Any] = json.loads(body)
        return position

    def write_id(self, scope: str, last: str | None) -> str | None:
        """The cursor of a list that goes by its items' ids: the last id shown; None gives None."""
        return self.write(scope, {"id": last} if last else None)

    def read_id(self, scope: str, cursor: str | None) -> str | None:
        """The id after which such a list goes on. Raises CursorInvalid."""
        position = self.read(scope, cursor)
        return position["id"] if position else None

    def _mac(self, scope: str, body: bytes) -> bytes:
        return hmac.digest(self._key, scope.encode() + b"\0" + body, "sha256")[:_MAC_BYTES]


def page_at_hand(
    items: Sequence[Item],
    id_of: Callable[[Item], str],
    scope: str,
    query: Mapping[str, Any],
    cursors: Callable[[], Cursors],
) -> Page[Item]:
    """A page (``limit``, ``cursor`` of the query) of a short list that was read whole; the next one goes on after the last item
    shown, or in its place when that has gone. ``cursors`` is asked only where there is more than a page. Raises CursorInvalid."""
    start = 0
    if cursor := query.get("cursor"):
        position = cursors().read(scope, cursor) or {}
        ids = [id_of(item) for item in items]
        start = ids.index(position["id"]) + 1 if position["id"] in ids else position["at"]
    shown = list(items[start : start + query["limit"]])
    end = start + len(shown)
    if not shown or end >= len(items):
        return Page(shown, None)
    return Page(shown, cursors().write(scope, {"id": id_of(shown[-1]), "at": end}))
