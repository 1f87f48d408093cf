"""PUT /data-partners/{partner_id}: propose what a data partner may send."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.data_partners import model, usecases
from puhui.partners.data_partners.repository import DataPartners
from puhui.programmes import api as programmes

app = HttpFunction("put-data-partner")
PARTNERS = DataPartners.from_environment()


@app.operation("put_data_partner", "PUT", "/data-partners/{partner_id}")
def put_data_partner(request: Request) -> Answer:
    wanted = usecases.wanted_terms(request.body)
    for programme_id, behaviours in wanted.programmes.items():
        programme = programmes.programme(programme_id)
        for behaviour in behaviours:
            programmes.behaviour(programme, behaviour)
    partner, is_new = usecases.put_data_partner(
        request.path["partner_id"], wanted, request.member_id, partners=PARTNERS
    )
    return 201 if is_new else 200, model.body(partner)
