"""POST /data-partners/{partner_id}/activation: somebody else activates what was proposed."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.data_partners import model, usecases
from puhui.partners.data_partners.repository import DataPartners

app = HttpFunction("activate-data-partner")
PARTNERS = DataPartners.from_environment()


@app.operation("activate_data_partner", "POST", "/data-partners/{partner_id}/activation")
def activate_data_partner(request: Request) -> Answer:
    partner = usecases.activate(
        request.path["partner_id"],
        request.member_id,
        request.body["hash"],
        partners=PARTNERS,
        now=request.now,
    )
    return model.body(partner)
