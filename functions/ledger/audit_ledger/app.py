"""For the operator and once a day: re-add every account and say what does not agree."""

from dataclasses import asdict
from datetime import datetime

from puhui.edge import log
from puhui.edge.task import Input, task
from puhui.ledger.audit import audit
from puhui.ledger.dynamo import Ledger

LEDGER = Ledger.from_environment()
DIFFERENCES_SHOWN = 100


@task("audit_ledger")
def app(_event: Input, _now: datetime) -> Input:
    report = audit(LEDGER)
    if not report.sound:
        log.line(level="ERROR", task="audit_ledger", outcome="UNSOUND", differences=len(report.differences))
    return {
        "accounts": report.accounts,
        "transfers": report.transfers,
        "sound": report.sound,
        "differences": [asdict(difference) for difference in report.differences[:DIFFERENCES_SHOWN]],
    }
