"""What becomes of an erased member here: exports and imported histories go; the record of the erasure itself is kept, under an id that
names nobody, so that it can be shown when it was asked for and when it was done."""

from collections.abc import Callable, Mapping
from datetime import datetime

from puhui.privacy.exports.model import GATHERING, folder_of
from puhui.privacy.repository import Privacy
from puhui.store.erasing import erase_entries, items_of


def erase_member(
    member_id: str,
    now: datetime,  # noqa: ARG001 the same everywhere
    *,
    privacy: Privacy,
    stop_export: Callable[[str], None],
    delete_files: Callable[[str], int],
) -> Mapping[str, int]:
    """Remove exports, being made or ready, and imported histories. Again finishes what was left."""
    for item in items_of(privacy.dynamodb, privacy.table, ("owner", f"member:{member_id}"), "X#"):
        if item["status"] == GATHERING:
            stop_export(item["entry"].removeprefix("X#"))
    files = delete_files(folder_of(member_id))
    owner = ("owner", f"member:{member_id}")
    items = erase_entries(
        privacy.dynamodb, privacy.table, owner, unless=lambda item: item["entry"] == "erasure"
    )
    return {"files": files, "items": items}
