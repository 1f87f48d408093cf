"""PUT /partners/{partner_id}: register a partner or change one."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners import usecases
from puhui.partners.repository import Partners
from puhui.programmes import api as programmes

app = HttpFunction("put-partner")
PARTNERS = Partners.from_environment()


@app.operation("put_partner", "PUT", "/partners/{partner_id}")
def put_partner(request: Request) -> Answer:
    wanted = usecases.wanted_from(request.path["partner_id"], request.body)
    programmes.programme(wanted.programme_id)
    partner, is_new = usecases.put_partner(wanted, partners=PARTNERS)
    return 201 if is_new else 200, usecases.partner_body(partner, request.now)
