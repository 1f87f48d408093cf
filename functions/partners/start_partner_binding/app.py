"""POST /me/partner-bindings/{partner_id}/redirect: the partner's page, with a state of the member's own."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Codes
from puhui.partners.data_partners import binding, bindings
from puhui.partners.data_partners.repository import DataPartners

app = HttpFunction("start-partner-binding")
PARTNERS = DataPartners.from_environment()
CODES = cache(Codes.from_environment)


@app.operation("start_partner_binding", "POST", "/me/partner-bindings/{partner_id}/redirect")
def start_partner_binding(request: Request) -> Answer:
    partner = PARTNERS.find(request.path["partner_id"])
    state = CODES().write(bindings.purpose(partner.id), request.member_id, request.now)
    return {"url": binding.redirect_url(partner, state)}
