"""POST /methodologies/{methodology_id}/versions/{version}/publication: publish what was approved."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import procedure
from puhui.methodologies.lifecycle import Officer
from puhui.methodologies.repository import Methodologies

app = HttpFunction("publish-methodology")
TABLE = Methodologies.from_environment()


@app.operation(
    "publish_methodology", "POST", "/methodologies/{methodology_id}/versions/{version}/publication"
)
def publish_methodology(request: Request) -> Answer:
    body = request.body
    command = procedure.Command(
        Officer(request.member_id, request.roles), request.now, request.idempotency_key, request.body_hash
    )
    return procedure.publish(
        request.path["methodology_id"],
        request.path["version"],
        body["hash"],
        body.get("note", ""),
        command,
        table=TABLE,
    )
