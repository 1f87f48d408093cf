"""Disputes in the shape of the contract."""

from typing import Any

from puhui.kernel import clock
from puhui.settlement.disputes.model import Dispute


def dispute_body(dispute: Dispute) -> dict[str, Any]:
    """The contract's ``Dispute``."""
    body: dict[str, Any] = {
        "id": dispute.id,
        "settlement_id": dispute.settlement_id,
        "merchant_id": dispute.merchant_id,
        "text": dispute.text,
        "status": dispute.status,
        "opened_at": clock.to_text(dispute.opened_at),
    }
    if dispute.claimed_fen is not None:
        body["claimed_fen"] = dispute.claimed_fen
    if dispute.resolved_at:
        body |= {"note": dispute.note, "resolved_at": clock.to_text(dispute.resolved_at)}
    return body
