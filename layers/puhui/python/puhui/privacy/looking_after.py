"""What the schedule does: exports and erasures whose machine stopped go on, and what is over is cleared away."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from puhui.privacy import work
from puhui.privacy.erasures.model import CHECK_AFTER, CLOSING, ERASED, WAITING, Erasure
from puhui.privacy.exports import usecases as exports
from puhui.privacy.repository import Privacy

StartErasure = Callable[[Erasure], bool]
FAILED = "failed_checks"


def look_after(
    privacy: Privacy,
    bucket: exports.Addresses,
    start_export: exports.Start,
    start_erasure: StartErasure,
    now: datetime,
) -> Counter[str]:
    """Look after everything that is due; how much of what was done."""
    done = Counter[str]()
    for member_id, entry in work.due(privacy.dynamodb, privacy.table, now):
        try:
            if entry == "erasure":
                done[_erasure(member_id, privacy, start_erasure, now)] += 1
            else:
                export_id = entry.removeprefix("X#")
                done[
                    exports.look_after(
                        member_id,
                        export_id,
                        exports=privacy.exports,
                        bucket=bucket,
                        start=start_export,
                        now=now,
                    )
                ] += 1
        except Exception:  # noqa: BLE001 one must not hold up the others; the caller reports that there are such
            done[FAILED] += 1
    return done


def _erasure(member_id: str, privacy: Privacy, start: StartErasure, now: datetime) -> str:
    erasure = privacy.erasures.find(member_id)
    if erasure is None or erasure.status not in (WAITING, CLOSING, ERASED):
        return "waiting"
    started = start(erasure)
    privacy.erasures.check_again(erasure, now + CHECK_AFTER)
    return "erasing" if started else "waiting"
