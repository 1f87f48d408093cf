"""GET /data-partners/{partner_id}: its terms and keys."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.data_partners import model
from puhui.partners.data_partners.repository import DataPartners

app = HttpFunction("get-data-partner")
PARTNERS = DataPartners.from_environment()


@app.operation("get_data_partner", "GET", "/data-partners/{partner_id}")
def get_data_partner(request: Request) -> Answer:
    return model.body(PARTNERS.find(request.path["partner_id"]))
