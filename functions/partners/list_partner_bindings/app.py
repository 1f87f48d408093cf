"""GET /me/partner-bindings: the partners that send records of one's acts."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.data_partners import bindings
from puhui.partners.data_partners.repository import DataPartners

app = HttpFunction("list-partner-bindings")
PARTNERS = DataPartners.from_environment()


@app.operation("list_partner_bindings", "GET", "/me/partner-bindings")
def list_partner_bindings(request: Request) -> Answer:
    items = [bindings.binding_body(each) for each in PARTNERS.bindings(request.member_id)]
    return {"items": items, "next_cursor": None}
