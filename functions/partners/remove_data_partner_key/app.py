"""DELETE /data-partners/{partner_id}/keys/{key_id}: end a key at once."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.data_partners import model, usecases
from puhui.partners.data_partners.repository import DataPartners

app = HttpFunction("remove-data-partner-key")
PARTNERS = DataPartners.from_environment()


@app.operation("remove_data_partner_key", "DELETE", "/data-partners/{partner_id}/keys/{key_id}")
def remove_data_partner_key(request: Request) -> Answer:
    return model.body(
        usecases.remove_key(request.path["partner_id"], request.path["key_id"], partners=PARTNERS)
    )
