"""POST /data-partners/{partner_id}/suspension: stop a partner at once."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.data_partners import model, usecases
from puhui.partners.data_partners.repository import DataPartners

app = HttpFunction("suspend-data-partner")
PARTNERS = DataPartners.from_environment()


@app.operation("suspend_data_partner", "POST", "/data-partners/{partner_id}/suspension")
def suspend_data_partner(request: Request) -> Answer:
    partner = usecases.suspend(
        request.path["partner_id"],
        request.member_id,
        request.body["reason"],
        partners=PARTNERS,
        now=request.now,
    )
    return model.body(partner)
