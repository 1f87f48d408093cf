"""GET /me/partner-bindings: the partners that send records of one's acts."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.data_partners import binding, bindings
from puhui.partners.data_partners.repository import DataPartners
from puhui.store import wiring

app = HttpFunction("list-partner-bindings")
PARTNERS = DataPartners.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_partner_bindings", "GET", "/me/partner-bindings")
def list_partner_bindings(request: Request) -> Answer:
    query = request.query
    page = binding.list_bindings(
        request.member_id, query["limit"], query.get("cursor"), partners=PARTNERS, cursors=CURSORS()
    )
    return page.body(bindings.binding_body)
