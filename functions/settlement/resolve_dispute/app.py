"""POST /settlements/{settlement_id}/disputes/{dispute_id}/resolution: somebody outside decides a dispute."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.merchants.api import Merchants
from puhui.settlement import disputes
from puhui.settlement.dynamo import Settlements
from puhui.settlement.model import By, Resolution, Wanted

app = HttpFunction("resolve-dispute")
SETTLEMENTS, LEDGER = Settlements.from_environment(), Ledger.from_environment()
MERCHANTS = Merchants.from_environment()


@app.operation("resolve_dispute", "POST", "/settlements/{settlement_id}/disputes/{dispute_id}/resolution")
def resolve_dispute(request: Request) -> Answer:
    body = request.body
    by = By(request.member_id, request.now, request.idempotency_key, request.body_hash)
    wanted = tuple(Wanted(**each) for each in body.get("adjustments", ()))
    resolved, settlement = disputes.resolve(
        request.path["settlement_id"],
        request.path["dispute_id"],
        Resolution(body["decision"], wanted, body["note"]),
        by,
        settlements=SETTLEMENTS,
        ledger=LEDGER,
        staffs=MERCHANTS,
    )
    return disputes.shown(resolved) | {"hash": settlement.hash}
