"""POST /methodologies/{methodology_id}/versions/{version}/withdrawal: count no new acts by it."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import procedure
from puhui.methodologies.lifecycle import Officer
from puhui.methodologies.repository import Methodologies

app = HttpFunction("withdraw-methodology")
TABLE = Methodologies.from_environment()


@app.operation(
    "withdraw_methodology", "POST", "/methodologies/{methodology_id}/versions/{version}/withdrawal"
)
def withdraw_methodology(request: Request) -> Answer:
    body = request.body
    command = procedure.Command(
        Officer(request.member_id, request.roles), request.now, request.idempotency_key, request.body_hash
    )
    return procedure.withdraw(
        request.path["methodology_id"], request.path["version"], body["reason"], command, table=TABLE
    )
