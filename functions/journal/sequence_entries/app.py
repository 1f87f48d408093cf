"""Streams of the ledger's, the activities', the methodologies' and the journal's tables: each transfer, decision,
publication and submission becomes an entry. What cannot become one is parked in a queue and holds up nobody."""

import os
from functools import cache
from typing import Any

from puhui.edge import log
from puhui.edge.stream import batch, change
from puhui.journal import intake, wiring
from puhui.journal.sequencer import sequence

TABLES = {os.environ[f"{name.upper()}_TABLE"]: name for name in ("ledger", "activities", "methodologies")}
POISON = os.environ["POISON_QUEUE"]
LOG = cache(wiring.log)


@batch("sequence_entries")
def app(records: list[dict[str, Any]]) -> dict[str, Any]:
    changes = [change(record) for record in records]
    events, poison = intake.read([(TABLES.get(each.table, "journal"), each.new, each.at) for each in changes])
    for one in poison:
        log.line(level="ERROR", stream="sequence_entries", outcome="POISON", failure=one.why)
        intake.park(one, POISON)
    done = sequence(events, log=LOG())
    return {"appended": done.appended, "repeated": done.repeated, "poison": len(poison), "size": done.size}
