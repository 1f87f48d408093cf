"""For the operator and once a day: does every transfer have its entry, and does every entry open to what it says?"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from functools import cache

from puhui.edge import log
from puhui.edge.task import Input, task
from puhui.journal import wiring
from puhui.journal.audit import audit
from puhui.ledger.audit import audit as audit_ledger
from puhui.ledger.dynamo import Ledger
from puhui.ledger.model import Transfer

LEDGER = Ledger.from_environment()
READER = cache(wiring.reader)
FINDINGS_SHOWN = 100


@task("audit_journal")
def app(_event: Input, now: datetime) -> Input:
    report = audit(READER(), _transfers(), LEDGER.transfers_at, now)
    for difference in audit_ledger(LEDGER).differences:
        report.find(
            "balance",
            f"{difference.account} {difference.unit} {difference.field}",
            f"says {difference.stored}, its transfers say {difference.summed}",
        )
    if not report.sound:
        log.line(level="ERROR", task="audit_journal", outcome="UNSOUND", findings=len(report.findings))
    figures = {**asdict(report), "sound": report.sound}
    figures["findings"] = figures["findings"][:FINDINGS_SHOWN]
    return figures


def _transfers() -> Iterator[tuple[str, Transfer]]:
    for account in LEDGER.every_account():
        yield from ((account, transfer) for transfer in LEDGER.statement(account))
