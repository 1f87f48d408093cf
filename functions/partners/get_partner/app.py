"""GET /partners/{partner_id}: a partner as it is registered."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners import usecases
from puhui.partners.repository import Partners

app = HttpFunction("get-partner")
PARTNERS = Partners.from_environment()


@app.operation("get_partner", "GET", "/partners/{partner_id}")
def get_partner(request: Request) -> Answer:
    partner = usecases.find_partner(request.path["partner_id"], partners=PARTNERS)
    return usecases.partner_body(partner, request.now)
