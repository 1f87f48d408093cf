"""GET /partner/files/{file_id}: how far a partner's own file is, its totals and its result."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ingestion.files import usecases
from puhui.ingestion.files.bucket import PartnerFiles
from puhui.ingestion.files.showing import body
from puhui.ingestion.files.wiring import files_from_environment
from puhui.partners.data_partners.api import DataPartners, sent, signer

app = HttpFunction("get-partner-file")
FILES, BUCKET = files_from_environment(), PartnerFiles.from_environment()
PARTNERS = DataPartners.from_environment()
BASE = os.environ["CALLBACK_BASE"]


@app.operation("get_partner_file", "GET", "/partner/files/{file_id}")
def get_partner_file(request: Request) -> Answer:
    partner = signer(sent(request, BASE), request.request_id, partners=PARTNERS, now=request.now)
    return body(usecases.find(partner.id, request.path["file_id"], FILES), BUCKET, request.now)
