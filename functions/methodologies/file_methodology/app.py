"""POST /methodologies: file a version as a draft."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import documents
from puhui.methodologies import filing, procedure, published
from puhui.methodologies.lifecycle import Officer
from puhui.methodologies.repository import Methodologies

app = HttpFunction("file-methodology")
TABLE = Methodologies.from_environment()
published.from_environment()


@app.operation("file_methodology", "POST", "/methodologies")
def file_methodology(request: Request) -> Answer:
    document = documents.parse(request.raw_body)["document"]  # as it was written, no name twice
    command = procedure.Command(
        Officer(request.member_id, request.roles), request.now, request.idempotency_key, request.body_hash
    )
    jurisdiction = request.body.get("jurisdiction", procedure.COUNTRY)
    return 201, procedure.file(document, jurisdiction, command, check=filing.methodology, table=TABLE)
