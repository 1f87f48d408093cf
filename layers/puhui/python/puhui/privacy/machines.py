"""The two state machines: what they start with is ids and a time, nothing that says who somebody is."""

import os

from puhui.privacy.erasures.model import ERASED, Erasure
from puhui.privacy.exports.model import Export
from puhui.store import states


def start_export(export: Export) -> bool:
    """Start putting an export together, again where that has failed; whether it was started now."""
    given = {"member_id": export.member_id, "export_id": export.id}
    return states.start_again(os.environ["EXPORT_STATE_MACHINE"], export.id, given)


def stop_export(export_id: str) -> None:
    """Stop putting an export together."""
    states.stop(os.environ["EXPORT_STATE_MACHINE"], export_id)


def start_erasure(erasure: Erasure) -> bool:
    """Start an erasure, again where it has failed; one that is done is gone through once more."""
    name = f"{erasure.id}-late" if erasure.status == ERASED else erasure.id
    return states.start_again(os.environ["ERASURE_STATE_MACHINE"], name, erasure.execution_input())
