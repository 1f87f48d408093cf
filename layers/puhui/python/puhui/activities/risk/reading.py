"""What officers read of the rules."""

from collections.abc import Callable, Mapping
from typing import Any

from puhui.activities.risk.records import RiskRecords, RuleCount
from puhui.activities.risk.rules import rules
from puhui.kernel.pages import Page
from puhui.store.cursors import Cursors, page_at_hand


def list_rules(
    records: RiskRecords, query: Mapping[str, Any], cursors: Callable[[], Cursors]
) -> Page[dict[str, Any]]:
    """A page of the contract's RiskRules: each rule in its present version, in the file's order."""
    return page_at_hand(_listed(records.counts()), lambda rule: str(rule["id"]), "risk-rules", query, cursors)


def _listed(counts: Mapping[str, RuleCount]) -> list[dict[str, Any]]:
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
