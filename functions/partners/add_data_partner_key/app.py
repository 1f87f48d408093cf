"""POST /data-partners/{partner_id}/keys: propose a public key."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.data_partners import model, usecases
from puhui.partners.data_partners.repository import DataPartners

app = HttpFunction("add-data-partner-key")
PARTNERS = DataPartners.from_environment()


@app.operation("add_data_partner_key", "POST", "/data-partners/{partner_id}/keys")
def add_data_partner_key(request: Request) -> Answer:
    partner = usecases.add_key(
        request.path["partner_id"],
        request.body["public_key"],
        request.member_id,
        partners=PARTNERS,
        now=request.now,
    )
    return 201, model.body(partner)
