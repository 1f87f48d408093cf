"""Bring a history over from another deployment, and look at it."""

from datetime import datetime
from zipfile import ZipFile

from puhui.privacy.imports import checking
from puhui.privacy.imports.model import Import
from puhui.privacy.imports.repository import Imports
from puhui.tlog.policy import Policy


def import_history(
    member_id: str, archive: ZipFile, policy: Policy, *, imports: Imports, now: datetime
) -> Import:
    """Check an export against the log it came from and keep what that proves beside the member's account, once for each account there.

    It credits nothing: the grams are counted there and stay there. The same export again changes nothing. Raises ImportRefused,
    ImportedBefore."""
    history = checking.read(archive, policy)
    done = imports.find(member_id, history.source_id)
    if done and done.manifest_sha256 == history.manifest_sha256:
        return done
    imported = Import(
        member_id,
        history.source_id,
        history.log,
        history.manifest_sha256,
        history.entries,
        len(history.acts),
        history.sums,
        now.replace(microsecond=0),
    )
    imports.add(imported, history.acts)
    return imported
