"""What officers read of the rules."""

from typing import Any

from puhui.activities.risk.records import RiskRecords, RuleCount
from puhui.activities.risk.rules import rules


def list_rules(records: RiskRecords) -> list[dict[str, Any]]:
    """The contract's RiskRules: each rule in its present version, in the file's order."""
    counts = records.counts()
    listed = []
    for rule in rules():
        count = counts.get(rule.name, RuleCount())
        body = {
            "id": rule.id,
            "version": rule.version,
            "mode": rule.mode,
            "weight": rule.weight,
            "at_most": rule.at_most,
            "reason_code": rule.reason_code,
            "text": rule.text,
            "source": rule.source,
            "fired": count.fired,
            "decided": count.decided,
            "confirmed": count.confirmed,
        }
        if count.precision_percent is not None:
            body["precision_percent"] = count.precision_percent
        listed.append(body)
    return listed
