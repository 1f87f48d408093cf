"""POST /factors: file a factor's record as a draft."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import documents
from puhui.methodologies import filing, procedure, published
from puhui.methodologies.lifecycle import Officer
from puhui.methodologies.repository import Factors

app = HttpFunction("file-factor")
TABLE = Factors.from_environment()
published.from_environment()


@app.operation("file_factor", "POST", "/factors")
def file_factor(request: Request) -> Answer:
    record = documents.parse(request.raw_body)["document"]  # as it was written, no name twice
    command = procedure.Command(
        Officer(request.member_id, request.roles), request.now, request.idempotency_key, request.body_hash
    )
    jurisdiction = request.body.get("jurisdiction", procedure.COUNTRY)
    return 201, procedure.file(record, jurisdiction, command, check=filing.factor, table=TABLE)
