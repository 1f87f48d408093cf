"""POST /partner/files: a data partner announces a file, and is told where to upload it."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ingestion.files import usecases
from puhui.ingestion.files.bucket import PartnerFiles
from puhui.ingestion.files.model import OPEN, Manifest
from puhui.ingestion.files.showing import body
from puhui.ingestion.files.wiring import files_from_environment
from puhui.partners.data_partners.api import DataPartners, sent, signer
from puhui.store import states

app = HttpFunction("prepare-partner-file")
FILES, BUCKET = files_from_environment(), PartnerFiles.from_environment()
PARTNERS = DataPartners.from_environment()
BASE = os.environ["CALLBACK_BASE"]
STATE_MACHINE = os.environ["PARTNER_FILE_STATE_MACHINE"]


@app.operation("prepare_partner_file", "POST", "/partner/files")
def prepare_partner_file(request: Request) -> Answer:
    partner = signer(sent(request, BASE), request.request_id, partners=PARTNERS, now=request.now)
    told = request.body
    manifest = Manifest(
        partner.id, told.get("file", ""), told["format"], told["sha256"], told["size"], told["rows"]
    )
    signed = {name: request.headers[name] for name in ("signature-input", "signature")}
    file = usecases.prepare(manifest, signed=signed, files=FILES, now=request.now)
    if file.status in OPEN:
        states.start_again(STATE_MACHINE, file.execution, {"id": file.id})
    return 202, body(file, BUCKET, request.now)
